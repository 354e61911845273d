import { type Deferred, defer } from './deferred.js';
import { TidingsError } from './error.js';
import type { Events } from './events.js';
import type { Link } from './link.js';
import { formatPosition, parsePosition } from './position.js';
import type { Ack, EventName, Handler, Member, Room, SendOptions, Unsubscribe } from './types.js';
import type { EntryMessage, JoinedRoom, Position, PresenceState, TypingIndicator } from './wire.js';

/** How often the others are told that someone still types, in milliseconds: half of what the server forgets after. */
const TYPING = 3000;

/** How long to wait before joining again where the server did not say, in milliseconds. */
const RETRY = 1000;

/** Sends an event to a room, waiting for a connection as the options say. */
export type SendToRoom = (type: string, data: unknown, options: SendOptions) => Promise<Ack>;

/** All rooms somebody asked for, by name. */
export class Rooms {
  readonly #rooms = new Map<string, LiveRoom>();
  readonly #link: Link;
  readonly #events: Events;
  readonly #send: SendToRoom;

  constructor(link: Link, events: Events, send: SendToRoom) {
    this.#link = link;
    this.#events = events;
    this.#send = send;
  }

  get(name: string): LiveRoom {
    let room = this.#rooms.get(name);
    if (!room) {
      room = new LiveRoom(name, this.#link, this.#events, this.#send);
      this.#rooms.set(name, room);
    }
    return room;
  }

  /** Joins what was joined before; resolves when the server has answered for every room. */
  rejoin(): Promise<unknown> {
    return Promise.all([...this.#rooms.values()].map((room) => room.wanted && room.enter()));
  }

  /** False for an entry that was handled before. */
  accept(entry: EntryMessage): boolean {
    return this.#rooms.get(entry.room as string)?.accept(entry) ?? true;
  }

  /** The connection is gone; with an error, for good. */
  lost(error?: TidingsError): void {
    for (const room of this.#rooms.values()) room.lost(error);
  }
}

class LiveRoom implements Room {
  readonly name: string;
  state: Room['state'] = 'idle';
  /** To be joined whenever there is a connection. */
  wanted = false;

  readonly #link: Link;
  readonly #events: Events;
  readonly #send: SendToRoom;
  #position: Position | undefined;
  /** The entry at the position itself was not handled yet: rooms that keep the last value send it after the join. */
  #fresh = false;
  /** Left on purpose: the answer to an earlier join does not count any more. */
  #left = false;
  #waiter: Deferred | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  readonly #typing = new Set<string>();
  #typed = 0;

  constructor(name: string, link: Link, events: Events, send: SendToRoom) {
    this.name = name;
    this.#link = link;
    this.#events = events;
    this.#send = send;
  }

  get position(): string | null {
    return this.#position ? formatPosition(this.#position) : null;
  }

  join({ since }: { since?: string } = {}): Promise<void> {
    if (this.state === 'joined') return Promise.resolve();
    if (since) this.#position = parsePosition(since);
    this.#waiter ??= defer();
    const { promise } = this.#waiter;
    const joining = this.state === 'joining';
    this.wanted = true;
    this.#left = false;
    this.state = 'joining';
    if (!joining) void this.enter();
    return promise;
  }

  async leave(): Promise<void> {
    const there = this.wanted && this.#link.live;
    this.#drop('idle', new TidingsError('closed', { detail: `left ${this.name}` }));
    this.#left = true;
    if (!there) return;
    try {
      await this.#link.ask({ type: 'leave_room', room: this.name });
    } catch (error) {
      // With the connection gone, so are we.
      if (this.#link.live) throw error;
    }
  }

  on<T extends EventName>(type: T | '*', handler: Handler<T>): Unsubscribe {
    return this.#events.on(type, handler, { room: this.name });
  }

  send(type: string, data?: unknown, options?: Omit<SendOptions, 'room'>): Promise<Ack> {
    return this.#send(type, data, { ...options, room: this.name });
  }

  async members(): Promise<Member[]> {
    const { items } = (await this.#link.ask({ type: 'get_presence', room: this.name })) as PresenceState;
    return items.map(({ user, status, data }) => ({ user, status, typing: this.#typing.has(user), data }));
  }

  typing(on = true): void {
    const now = Date.now();
    if (!this.#link.live || (on ? now - this.#typed < TYPING : !this.#typed)) return;
    this.#typed = on ? now : 0;
    this.#link.tell({ type: on ? 'typing_start' : 'typing_stop', room: this.name });
  }

  /** Asks the server to let us in; resolves whatever the answer is. */
  async enter(): Promise<void> {
    clearTimeout(this.#retry);
    if (!this.#link.live) return;
    this.state = 'joining';
    try {
      await this.#link.ask({ type: 'join_room', room: this.name, since: this.#position });
    } catch (e) {
      const error = e as TidingsError;
      if (!this.wanted || this.state !== 'joining') return;
      if (!error.retryable) {
        this.#drop('denied', error);
        this.#events.tell('room_denied', { code: error.code, message: error.message }, this.name);
      } else if (this.#link.live) {
        // Spread, because many rooms may have been told the same.
        const wait = (error.retryAfter ?? RETRY) * (1 + Math.random());
        this.#retry = setTimeout(() => this.enter(), wait);
      }
    }
  }

  /** The server let us in. Called before anything that follows is read: entries count from here. */
  joined(room: JoinedRoom): void {
    if (this.#left) return;
    // Also when this answers a question that was given up.
    clearTimeout(this.#retry);
    const { epoch, offset, recovered } = room;
    const missed = this.#position && !recovered;
    if (!recovered) this.#position = epoch !== undefined ? { epoch, offset: offset ?? 0 } : undefined;
    this.#fresh = !recovered;
    this.wanted = true;
    this.state = 'joined';
    this.#waiter?.resolve();
    this.#waiter = undefined;
    this.#events.tell('room_joined', room, this.name);
    if (missed) this.#events.tell('history_lost', null, this.name);
  }

  /** The server says that we are out; with a reason, that it was not us who wanted it. */
  left(because?: string): void {
    // While joining, this answers an earlier leave().
    if (this.state === 'joined') this.#drop(because ? 'denied' : 'idle');
    if (because) this.#events.tell('room_denied', { code: 'forbidden', message: because }, this.name);
  }

  accept({ type, data, offset }: EntryMessage): boolean {
    if (type === 'typing_indicator') {
      const { user, typing } = data as TypingIndicator;
      this.#typing[typing ? 'add' : 'delete'](user);
    }
    const position = this.#position;
    if (position && offset !== undefined) {
      if (offset < position.offset || (offset === position.offset && !this.#fresh)) return false;
      this.#fresh = false;
      position.offset = offset;
    }
    return true;
  }

  lost(error?: TidingsError): void {
    clearTimeout(this.#retry);
    this.#typing.clear();
    this.#typed = 0;
    if (this.wanted) this.state = error ? 'idle' : 'joining';
    if (error && this.#waiter) this.#drop('idle', error);
  }

  #drop(state: Room['state'], error?: TidingsError): void {
    clearTimeout(this.#retry);
    this.wanted = false;
    this.state = state;
    this.#position = undefined;
    this.#typing.clear();
    this.#waiter?.reject(error);
    this.#waiter = undefined;
  }
}
