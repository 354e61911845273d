import type { TidingsError } from './error.js';
import type { Status } from './status.js';

/**
 * Your events by name, empty until you augment it:
 *
 * ```ts
 * declare module '@tidings/client' {
 *   interface Events { 'ticket.created': { id: number; title: string } }
 * }
 * ```
 */
// biome-ignore lint/suspicious/noEmptyInterface: applications add to it
export interface Events {}

/** Events that do not come from the server: the client itself tells them. Their `id` is empty. */
export interface LocalEvents {
  /** What was missed cannot be told any more, of `room` or, without one, of what was sent to this user: load afresh. */
  history_lost: null;
  /** `room` was joined, for the first time or again. What was missed, or `history_lost`, follows. */
  room_joined: RoomJoined;
  /** The server refused `room`, which is not joined again by itself. */
  room_denied: { code: string; message: string };
}

/** A room as it stood when it was joined. */
export interface RoomJoined {
  room: string;
  /** Exactly what was missed follows; false on a first join, too. */
  recovered: boolean;
  /** The room's position, absent in rooms that keep nothing. */
  epoch?: string;
  offset?: number;
  /** Who is there; empty in a room too full to name them. */
  members: { user: string; status: PresenceStatus }[];
  member_count: number;
}

type Known = keyof (Events & LocalEvents) & string;

/** A name out of {@link Events} or {@link LocalEvents}, or any other. */
export type EventName = Known | (string & {});

/** What the `data` of an event of this name is: `any` for those that nobody described. */
export type DataOf<T> = T extends keyof Events
  ? Events[T]
  : T extends keyof LocalEvents
    ? LocalEvents[T]
    : // biome-ignore lint/suspicious/noExplicitAny: an event nobody described can hold anything
      any;

/** One event as it arrived. */
export interface Event<T extends string = string> {
  /** Unique; empty for {@link LocalEvents}. */
  id: string;
  type: T;
  data: DataOf<T>;
  /** Absent on what was sent to a user, a role or everyone. */
  room?: string;
  /** The publishing user; absent when a back end published. */
  from?: string;
  /** RFC 3339, UTC. */
  time: string;
  /** Its place in the room's log, where the room keeps one. */
  offset?: number;
}

/** Takes the whole event. */
export type Handler<T extends string = string> = (event: Event<T>) => void;

/** Takes back what it was returned from; calling it twice does no harm. */
export type Unsubscribe = () => void;

/** One line of the client's own log. */
export type DebugLevel = 'debug' | 'info' | 'warn' | 'error';

/** Settings of {@link createClient}. */
export interface ClientOptions {
  /**
   * `ws(s)://` or `http(s)://`, or a path on the page's host; without a path, `/v1/ws`. A function is called before
   * every attempt. Default: `/v1/ws` on the page's own host.
   */
  url?: string | (() => string | Promise<string>);
  /**
   * A JWT, or a function that gets one: called before every attempt, shortly before the token ends, and once more when
   * the server turns one down. Without one, the connection is anonymous.
   */
  token?: string | (() => string | null | Promise<string | null>);
  /** Shown in the server's list of connections, as the next two are. */
  clientType?: 'web' | 'mobile' | 'desktop' | 'server';
  clientVersion?: string;
  deviceId?: string;
  /** Connect without being asked. Default: true where there is a `window`, so that rendering on a server stays offline. */
  autoConnect?: boolean;
  /**
   * How to come back after a loss: after random(0..min(`maxDelay`, `minDelay` * 2^k)) milliseconds, `maxAttempts` times
   * in a row. Default: 1000, 30000, Infinity. `false`: not at all.
   */
  reconnect?: false | { minDelay?: number; maxDelay?: number; maxAttempts?: number };
  /** Milliseconds for an answer, and for one attempt to connect, `token` and `url` included. Default: 10000. */
  timeout?: number;
  /** What may wait for a connection, and for its turn then. Default: 100 messages, 262144 bytes. `false`: nothing. */
  queue?: false | { maxMessages?: number; maxBytes?: number };
  /** Tells what happens, to the console or to a function. */
  debug?: boolean | ((level: DebugLevel, message: string, context?: object) => void);
  /** The class to open connections with, where there is no global one (Node 20: the one of the package `ws`). */
  // biome-ignore lint/suspicious/noExplicitAny: every implementation declares its own class
  WebSocket?: any;
}

/** A change of {@link Status}, or another failed attempt while `reconnecting`. */
export interface StatusChange {
  status: Status;
  previous: Status;
  /** Why the connection went: the server's words, or `timeout`, `silent`, `goodbye`, `disconnect`, `reconnect`, … */
  reason?: string;
  /** The close code, where the server gave one. */
  code?: number;
  /** Milliseconds until the next attempt. */
  retryIn?: number;
  /** How many attempts have been needed in a row, the coming one included. */
  attempt?: number;
  /** On `connected` after a loss: whether all that was sent to this user in between follows. */
  recovered?: boolean;
  error?: TidingsError;
}

/** How to send one message. */
export interface SendOptions {
  room?: string;
  /** Wait for the server's answer. Default: true; otherwise the promise resolves when the message is on its way. */
  ack?: boolean;
  /** Milliseconds for the answer, from the moment the message is sent, each time. Default: the client's. */
  timeout?: number;
  /**
   * Wait for a connection if there is none, and behind what waited for it. Default: true; otherwise reject with
   * `unavailable`, or go first.
   */
  queue?: boolean;
}

/** The server has it. */
export interface Ack {
  /** The entry's id; for what makes no entry, a number of this client's. */
  id: string;
  /** Its place in the room's log, where the room keeps one. */
  offset?: number;
}

/** `away` is said by the user's client; `offline` is who has no connection. */
export type PresenceStatus = 'online' | 'away' | 'offline';

/** Someone in a room. */
export interface Member {
  user: string;
  status: PresenceStatus;
  typing: boolean;
  // biome-ignore lint/suspicious/noExplicitAny: what the user's client has set
  data?: any;
}

/** How someone is. */
export interface Presence {
  user: string;
  status: PresenceStatus;
  /** RFC 3339; null when never seen or not told. */
  lastSeen: string | null;
  /** How many connections the user has, where told. */
  devices?: number;
  // biome-ignore lint/suspicious/noExplicitAny: what the user's client has set
  data?: any;
}

/**
 * A room. Once joined, it is joined again after every reconnect, with what was missed in between, in order and once. The
 * room's handlers get an event for every join, refusal and loss: {@link LocalEvents}.
 */
export interface Room {
  readonly name: string;
  /** `joining` while offline, too; `denied` when the server refused and until the next `join()`. */
  readonly state: 'idle' | 'joining' | 'joined' | 'denied';
  /** The last place that was handled, for `join({ since })` on another day; null in rooms that keep nothing. */
  readonly position: string | null;
  /**
   * Resolves when joined, however many reconnects that takes; rejects when refused, left or disconnected. `since` counts
   * where this client has no place in the room yet.
   */
  join(options?: { since?: string }): Promise<void>;
  leave(): Promise<void>;
  /** Like the client's `on`, for this room only. Does not join. */
  on<T extends EventName>(type: T | '*', handler: Handler<T>): Unsubscribe;
  send<T extends EventName>(type: T, data?: DataOf<T>, options?: Omit<SendOptions, 'room'>): Promise<Ack>;
  /** Who is in the room now. */
  members(): Promise<Member[]>;
  /** Call it on every keystroke: the others are told at most every 3 s. `false` when done. */
  typing(on?: boolean): void;
}

/** Who is there. */
export interface PresenceApi {
  /** Says how this user is, now and after every reconnect. */
  // biome-ignore lint/suspicious/noExplicitAny: anything that JSON can hold
  set(status: 'online' | 'away', data?: any): void;
  get(users: string | string[]): Promise<Presence[]>;
  /** Calls `handler` with how each of them is now, after every reconnect and at every change. */
  watch(target: { users?: string[]; room?: string }, handler: (presence: Presence) => void): Unsubscribe;
}

/** A client: one connection that stays. */
export interface TidingsClient {
  readonly status: Status;
  readonly isConnected: boolean;
  readonly connectionId: string | null;
  readonly userId: string | null;
  /** Why the status is `error`; null in every other one. */
  readonly error: TidingsError | null;
  /** Resolves when the server has greeted, however many attempts that takes; rejects when it ends before. */
  connect(): Promise<void>;
  /** Ends the connection, gives up what waits to be sent, and stays away until `connect()`. */
  disconnect(): void;
  /** Drops the connection, if any, and makes a new one at once. */
  reconnect(): Promise<void>;
  /**
   * Takes another token, over the living connection if there is one; an attempt under way begins anew. A token function
   * stays in charge of later attempts. `null` gives up the identity: the connection is made anew. After an `error`, call
   * `connect()`.
   */
  setToken(token: string | null): void;
  on<T extends EventName>(
    type: T | '*',
    handler: Handler<T>,
    options?: { room?: string; signal?: AbortSignal },
  ): Unsubscribe;
  off<T extends EventName>(type: T | '*', handler?: Handler<T>): void;
  onStatus(handler: (change: StatusChange) => void): Unsubscribe;
  /**
   * Publishes to a room, or without one sends an application's own command. Rejects with `unavailable` when the
   * connection went before the answer: it may or may not have happened, and is not sent again. What had to wait is sent
   * in order, and again when the server calls it `rate_limited`; what did not have to rejects with that.
   */
  send<T extends EventName>(type: T, data?: DataOf<T>, options?: SendOptions): Promise<Ack>;
  /** Sends a message of the wire as it is. */
  send(message: { type?: string; command?: string; [field: string]: unknown }): Promise<Ack>;
  /** The room of this name, always the same object. Does not join. */
  room(name: string): Room;
  joinRoom(name: string): Promise<Room>;
  leaveRoom(name: string): Promise<void>;
  readonly presence: PresenceApi;
}
