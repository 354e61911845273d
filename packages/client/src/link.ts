import type { Command, Reply } from './wire.js';

/** What rooms and presence may do with the connection. */
export interface Link {
  /** The server has greeted, joined the rooms of the cursor, and nothing was lost since. */
  readonly live: boolean;
  /** Sends a command and resolves with its answer; rejects with `unavailable` at once when not connected. */
  ask(command: Command): Promise<Reply>;
  /** Sends a command that has no answer; does nothing when not connected. */
  tell(command: Command): void;
}
