/**
 * The wire, as docs/reference/websocket.md tells it: the only place that names its fields. To be replaced by types
 * generated from the server's.
 */

/** Where a room's log was read to. */
export interface Position {
  epoch: string;
  offset: number;
}

/** Any message of the client; `id` comes back as `reply_to`. */
export interface Command {
  type: string;
  id?: number;
  [field: string]: unknown;
}

/** An entry: whatever was published, or what the server itself tells (presence, members, typing). */
export interface Entry {
  type: string;
  id: string;
  time: string;
  data: unknown;
  room?: string;
  from?: string;
  offset?: number;
}

/** The first message of every connection that was let in. */
export interface Greeting {
  type: 'connection_established';
  connection_id: string;
  user?: string | null;
  server_time: string;
  /** Milliseconds. */
  ping_interval: number;
  /** `<epoch>:<offset>` of the personal room. */
  resume?: string;
  recovered?: boolean;
}

/** The answer to `authenticate` and `refresh_token`. */
export interface Authenticated {
  type: 'authenticated';
  reply_to?: number;
  user: string;
  /** RFC 3339. */
  expires_at?: string;
}

/** The answer to `join_room`. */
export interface JoinedRoom {
  type: 'joined_room';
  reply_to?: number;
  data: {
    room: string;
    epoch?: string;
    offset?: number;
    recovered: boolean;
    members: { user: string; status: 'online' | 'away' | 'offline' }[];
    member_count: number;
  };
}

/** The answer to `leave_room`. */
export interface LeftRoom {
  type: 'left_room';
  reply_to?: number;
  data: { room: string };
}

/** The answer to `publish`. */
export interface Published {
  type: 'published';
  reply_to?: number;
  entry_id: string;
  offset?: number;
}

/** One person in a `presence_state`. */
export interface PresenceItem {
  user: string;
  status: 'online' | 'away' | 'offline';
  last_seen?: string | null;
  connections?: number;
  data?: unknown;
}

/** The answer to `get_presence`. */
export interface PresenceState {
  type: 'presence_state';
  reply_to?: number;
  items: PresenceItem[];
}

/** The `data` of a `presence_update` entry. */
export interface PresenceUpdate {
  user_id: string;
  status: 'online' | 'away' | 'offline';
  last_seen?: string | null;
  data?: unknown;
}

/** The answer to `ping`. */
export interface Pong {
  type: 'pong';
  reply_to?: number;
}

/** The server stops soon: come back after `retry_after_ms` + random(0..`spread_ms`). */
export interface Goodbye {
  type: 'goodbye';
  retry_after_ms: number;
  spread_ms: number;
}

/** An error, of one command (`reply_to`) or of the whole connection. */
export interface ErrorMessage {
  type: 'error';
  reply_to?: number;
  code: string;
  message: string;
  retry_after_ms?: number;
  path?: string;
}

/** An answer whose kind this client does not look into. */
export interface OtherReply {
  type: 'command_result';
  reply_to?: number;
}

/** Everything the server sends that is not an {@link Entry}. */
export type Control =
  | Greeting
  | Authenticated
  | JoinedRoom
  | LeftRoom
  | Published
  | PresenceState
  | Pong
  | Goodbye
  | ErrorMessage
  | OtherReply;

/**
 * Tells an entry from a control message. Anyone may publish an entry of any `type`, "goodbye" too, so `type` cannot tell
 * them apart: only entries have an `id` and a `time`.
 */
export function isEntry(message: Control | Entry): message is Entry {
  return 'id' in message && 'time' in message;
}
