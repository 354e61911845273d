import type { ErrorCode } from './wire.js';

/** The HTTP status that stands for each code of the server; local codes (`timeout`, …) have none. */
const STATUS: Record<ErrorCode, number> = {
  invalid_request: 400,
  unknown_type: 400,
  unauthorized: 401,
  token_expired: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  history_lost: 410,
  payload_too_large: 413,
  rate_limited: 429,
  internal: 500,
  unavailable: 503,
  queue_full: 503,
};

/** What {@link TidingsError} takes beside its code. */
export interface ErrorDetail {
  /** The server's own sentence about it. */
  detail?: string | undefined;
  /** Milliseconds the server asked to wait before another try. */
  retryAfter?: number | undefined;
  /** Overrides what the code alone says about trying again. */
  retryable?: boolean;
  cause?: unknown;
}

/**
 * The only error this package throws or rejects with.
 *
 * `code` is one of the server's codes (`forbidden`, `rate_limited`, …) or a local one: `timeout` (no answer in time),
 * `unavailable` (the connection went away first), `queue_full` (too much waits to be sent), `closed` (`disconnect()` or
 * `leave()` ended it), `unsupported` (there is no WebSocket here, or no address to connect to).
 */
export class TidingsError extends Error {
  declare readonly code: string;
  /** The HTTP status of the same error, where the server has one. */
  declare readonly status: number | undefined;
  /** Whether the same call may succeed later. */
  declare readonly retryable: boolean;
  /** The server's own sentence, where it gave one. */
  declare readonly detail: string | undefined;
  /** Milliseconds to wait before another try, where the server said so. */
  declare readonly retryAfter: number | undefined;

  constructor(code: string, { cause, ...more }: ErrorDetail = {}) {
    super(more.detail ?? code, { cause });
    const status: number | undefined = STATUS[code as ErrorCode];
    const retryable = code === 'timeout' || code === 'rate_limited' || (status ?? 0) >= 500;
    Object.assign(this, { name: 'TidingsError', code, status, retryable, ...more });
  }
}
