/**
 * The names this package has for what is on the wire. The types come from the server's own (wire.gen.ts); this is the only
 * other file that knows how its messages are told apart.
 */
import type { EntryMessage, Presence, ReplyOf, ResumedPart, ServerMessage } from './wire.gen.js';

export type {
  Command,
  EntryMessage,
  ErrorCode,
  JoinedRoom,
  Position,
  PresenceUpdate,
  Reply,
  ResumeCursor,
  ResumedPart,
  ServerMessage,
  TypingIndicator,
} from './wire.gen.js';

/** The first message of every connection that was let in. */
export type Greeting = ReplyOf<'connection_established'>;
/** A room that was not joined with the others. */
export type Refusal = Extract<ResumedPart, { part: 'refused' }>;
/** The answer to `refresh_token`. */
export type Authenticated = ReplyOf<'authenticated'>;
/** The answer to `publish`. */
export type Published = ReplyOf<'published'>;
/** The answer to `get_presence`. */
export type PresenceState = ReplyOf<'presence_state'>;
/** An error, of one command (`reply_to`) or of the whole connection. */
export type ErrorMessage = ReplyOf<'error'>;
/** One person's presence; an update does not say how many connections there are. */
export type PresenceItem = Omit<Presence, 'connections'> & { connections?: number };

/**
 * Tells an entry from a reply. Anyone may publish an entry of any `type`, "goodbye" too, so `type` cannot tell them apart:
 * only entries have an `id` and a `time`.
 */
export function isEntry(message: ServerMessage): message is EntryMessage {
  return 'id' in message && 'time' in message;
}
