import { TidingsError } from './error.js';
import type { ErrorMessage, Reply } from './wire.js';

interface Pending {
  resolve(reply: Reply): void;
  reject(error: TidingsError): void;
  timer: ReturnType<typeof setTimeout>;
}

/** Turns what the server says of an error into the error the application sees. */
export function toError(message: Omit<ErrorMessage, 'type'>): TidingsError {
  const detail = message.path ? `${message.path}: ${message.message}` : message.message;
  return new TidingsError(message.code, { detail, retryAfter: message.retry_after_ms });
}

/** Everything that was asked on the living connection and not yet answered. */
export class Requests {
  #last = 0;
  readonly #pending = new Map<number, Pending>();
  readonly #transmit: (text: string) => void;

  constructor(transmit: (text: string) => void) {
    this.#transmit = transmit;
  }

  /** A fresh id, unique on this client. */
  id(): number {
    return ++this.#last;
  }

  /** Sends `text`, which carries `id`, and resolves with its answer; rejects with `timeout` after that many ms. */
  send(id: number, text: string, timeout: number): Promise<Reply> {
    this.#transmit(text);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#pending.delete(id);
        reject(new TidingsError('timeout', { detail: `no answer in ${timeout} ms` }));
      }, timeout);
      this.#pending.set(id, { resolve, reject, timer });
    });
  }

  /** Hands an answer to whoever asked. */
  settle(message: Reply): void {
    const id = (message as { reply_to?: number }).reply_to as number;
    const pending = this.#pending.get(id);
    if (!pending) return;
    this.#pending.delete(id);
    clearTimeout(pending.timer);
    if (message.type === 'error') pending.reject(toError(message));
    else pending.resolve(message);
  }

  /** The connection is gone: nobody knows whether what was asked has happened. */
  lost(error: TidingsError): void {
    for (const { reject, timer } of this.#pending.values()) {
      clearTimeout(timer);
      reject(error);
    }
    this.#pending.clear();
  }
}
