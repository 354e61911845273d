/**
 * The connection's five statuses and every way between them, as one table.
 *
 * - `disconnected`: nobody asked for a connection, or `disconnect()` did away with it
 * - `connecting`: the first attempt is under way
 * - `connected`: the server has greeted
 * - `reconnecting`: an attempt failed or the connection was lost; waits for, or makes, the next attempt
 * - `error`: final, until somebody calls `connect()` again
 */
export type Status = 'disconnected' | 'connecting' | 'connected' | 'reconnecting' | 'error';

/**
 * What can happen to a connection: someone wants it (`start`), the server greeted (`greeted`), it went and will be tried
 * again (`lost`), it went for good (`failed`), someone or the server ended it in peace (`stop`).
 */
export type StatusInput = 'start' | 'greeted' | 'lost' | 'failed' | 'stop';

type Ways = Partial<Record<StatusInput, Status>>;

const CONNECTED: Ways = { lost: 'reconnecting', failed: 'error', stop: 'disconnected' };
const ON_THE_WAY: Ways = { greeted: 'connected', ...CONNECTED };

const TABLE: Record<Status, Ways> = {
  disconnected: { start: 'connecting' },
  connecting: ON_THE_WAY,
  connected: CONNECTED,
  reconnecting: ON_THE_WAY,
  error: { start: 'connecting', stop: 'disconnected' },
};

/** The status after `input`, or undefined where it means nothing in this status. */
export function transition(status: Status, input: StatusInput): Status | undefined {
  return TABLE[status][input];
}
