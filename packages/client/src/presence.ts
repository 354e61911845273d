import type { Call } from './events.js';
import type { Link } from './link.js';
import type { Presence, PresenceApi, Unsubscribe } from './types.js';
import type { Command, EntryMessage, PresenceItem, PresenceState, PresenceUpdate } from './wire.js';

interface Watch {
  room: string | undefined;
  /** Who is watched; of a room, everyone who was seen in it. */
  users: Set<string>;
  handler(presence: Presence): void;
}

function toPresence({ user, status, last_seen, connections, data }: PresenceItem): Presence {
  return { user, status, lastSeen: last_seen, devices: connections, data };
}

/** Who is there, and how this user is. */
export class PresenceBoard implements PresenceApi {
  readonly #link: Link;
  readonly #call: Call;
  readonly #watches = new Set<Watch>();
  #own: Command | undefined;

  constructor(link: Link, call: Call) {
    this.#link = link;
    this.#call = call;
  }

  set(status: 'online' | 'away', data?: unknown): void {
    this.#own = { type: 'presence', status, data };
    this.#link.tell(this.#own);
  }

  get(users: string | string[]): Promise<Presence[]> {
    return this.#ask({ users: [users].flat() });
  }

  watch({ users = [], room }: { users?: string[]; room?: string }, handler: Watch['handler']): Unsubscribe {
    const watch: Watch = { room, users: new Set(users), handler };
    this.#watches.add(watch);
    void this.#load(watch);
    return () => {
      this.#watches.delete(watch);
    };
  }

  /** Who is watched by name, for the cursor. */
  get watched(): string[] {
    const all = [...this.#watches];
    return [...new Set(all.flatMap(({ room, users }) => (room === undefined ? [...users] : [])))];
  }

  /** There is a connection again; these the server told of already. */
  ready(known: PresenceItem[]): void {
    if (this.#own) this.#link.tell(this.#own);
    this.joined(undefined, known);
  }

  /** This room was joined, or without one, there is a connection: from now on the server answers about it. */
  joined(room?: string, known: PresenceItem[] = []): void {
    for (const watch of this.#watches) if (watch.room === room) void this.#load(watch, known);
  }

  accept({ type, room, time, data }: EntryMessage): void {
    const member = type === 'member_joined' || type === 'member_left';
    if (!member && type !== 'presence_update') return;
    const { user_id: user, status, last_seen = time, data: own } = data as PresenceUpdate;
    for (const watch of this.#watches) {
      if (room !== undefined && room === watch.room) watch.users.add(user);
      else if (member || !watch.users.has(user)) continue;
      this.#call(watch.handler, toPresence({ user, status, last_seen, data: own }));
    }
  }

  async #ask(about: { users: string[] } | { room: string }): Promise<Presence[]> {
    return ((await this.#link.ask({ type: 'get_presence', ...about })) as PresenceState).items.map(
      toPresence,
    );
  }

  async #load(watch: Watch, known: PresenceItem[] = []): Promise<void> {
    const { room, users } = watch;
    const here = known.filter(({ user }) => users.has(user)).map(toPresence);
    const told = room === undefined && here.length === users.size;
    try {
      for (const one of told
        ? here
        : await this.#ask(room === undefined ? { users: [...users] } : { room })) {
        users.add(one.user);
        if (this.#watches.has(watch)) this.#call(watch.handler, one);
      }
    } catch {
      // Offline, or not in the room yet: ready() and joined() ask again.
    }
  }
}
