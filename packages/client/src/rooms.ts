import { type Deferred, defer } from './deferred.js';
import { TidingsError } from './error.js';
import type { Events } from './events.js';
import type { Link } from './link.js';
import { toError } from './requests.js';
import type { Ack, EventName, Handler, Member, Room, SendOptions, Unsubscribe } from './types.js';
import type { EntryMessage, JoinedRoom, Position, PresenceState, Refusal, TypingIndicator } from './wire.js';

/** How often the others are told that someone still types, in milliseconds: half of what the server forgets after. */
const TYPING = 3000;

/** How long to wait before joining again where the server did not say, in milliseconds. */
const RETRY = 1000;

/** Sends an event to a room, waiting for a connection as the options say. */
export type SendToRoom = (type: string, data: unknown, options: SendOptions) => Promise<Ack>;

/** A room that somebody asked for. */
export class LiveRoom implements Room {
  readonly name: string;
  state: Room['state'] = 'idle';
  /** To be joined whenever there is a connection. */
  #wanted = false;

  readonly #link: Link;
  readonly #events: Events;
  readonly #send: SendToRoom;
  #position: Position | undefined;
  /** The entry at the position itself was not handled yet: rooms that keep the last value send it after the join. */
  #fresh = false;
  /** Left on purpose: until the server says so, or we ask again, nothing of this room counts. */
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
    const at = this.#position;
    return at ? `${at.epoch}:${at.offset}` : null;
  }

  /** Where we were, null where nothing is kept; undefined unless we were let in and nobody called join() since. */
  get place(): string | null | undefined {
    return this.#wanted && !this.#waiter ? this.position : undefined;
  }

  join({ since }: { since?: string } = {}): Promise<void> {
    if (this.state === 'joined') return Promise.resolve();
    const [, epoch, offset] = /^(.+):(\d+)$/.exec(since ?? '') ?? [];
    if (epoch) this.#position ??= { epoch, offset: Number(offset) };
    this.#waiter ??= defer();
    const { promise } = this.#waiter;
    this.#wanted = true;
    if (this.state !== 'joining') {
      this.state = 'joining';
      void this.enter();
    }
    return promise;
  }

  async leave(): Promise<void> {
    const there = this.#wanted;
    this.#drop('idle', new TidingsError('closed', { detail: `left ${this.name}` }));
    this.#left = true;
    try {
      if (there) await this.#link.ask({ type: 'leave_room', room: this.name });
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
    const state = (await this.#link.ask({ type: 'get_presence', room: this.name })) as PresenceState;
    return state.items.map(({ user, status, data }) => ({
      user,
      status,
      typing: this.#typing.has(user),
      data,
    }));
  }

  typing(on = true): void {
    const now = Date.now();
    if (!this.#link.live || (on ? now - this.#typed < TYPING : !this.#typed)) return;
    this.#typed = on ? now : 0;
    this.#link.tell({ type: on ? 'typing_start' : 'typing_stop', room: this.name });
  }

  /** Asks the server to let us in, unless it has refused already; resolves whatever the answer is. */
  async enter(refusal?: Refusal): Promise<void> {
    clearTimeout(this.#retry);
    if (!this.#link.live || !this.#wanted || this.state === 'joined') return;
    this.state = 'joining';
    this.#left = false;
    try {
      if (refusal) throw toError(refusal);
      await this.#link.ask({ type: 'join_room', room: this.name, since: this.#position });
    } catch (e) {
      const error = e as TidingsError;
      if (!this.#wanted || this.state !== 'joining') return;
      if (!error.retryable) {
        this.#drop('denied', error);
        this.#denied(error);
      } else if (this.#link.live) {
        // Spread, because many rooms may have been told the same.
        const wait = (error.retryAfter ?? RETRY) * (1 + Math.random());
        this.#retry = setTimeout(() => this.enter(), wait);
      }
    }
  }

  /**
   * The server let us in, because we asked or because the cursor said so. Called before anything that follows is read:
   * entries count from here.
   */
  joined(room: JoinedRoom, asked: boolean): void {
    if (this.#left) {
      // Of a cursor that was on its way already, nobody knows yet.
      if (!asked) this.#link.tell({ type: 'leave_room', room: this.name });
      return;
    }
    // Also when this answers a question that was given up.
    clearTimeout(this.#retry);
    const { epoch, offset, recovered } = room;
    const missed = this.#position && !recovered;
    if (!recovered) this.#position = epoch ? { epoch, offset: offset as number } : undefined;
    this.#fresh = !recovered;
    this.#wanted = true;
    this.state = 'joined';
    this.#waiter?.resolve();
    this.#waiter = undefined;
    this.#events.tell('room_joined', room, this.name);
    if (missed) this.#events.tell('history_lost', null, this.name);
  }

  /** The server says that we are out; with a reason, that it was not us who wanted it. */
  left(because?: string): void {
    this.#left = false;
    // While joining, this answers an earlier leave().
    if (this.state === 'joined') this.#drop(because ? 'denied' : 'idle');
    if (because) this.#denied({ code: 'forbidden', message: because });
  }

  accept({ type, data, offset }: EntryMessage): boolean {
    if (this.#left) return false;
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
    if (this.#wanted) this.state = error ? 'idle' : 'joining';
    if (error && this.#waiter) this.#drop('idle', error);
  }

  #denied({ code, message }: { code: string; message: string }): void {
    this.#events.tell('room_denied', { code, message }, this.name);
  }

  #drop(state: Room['state'], error?: TidingsError): void {
    clearTimeout(this.#retry);
    this.#wanted = false;
    this.state = state;
    this.#position = undefined;
    this.#typing.clear();
    this.#waiter?.reject(error);
    this.#waiter = undefined;
  }
}
