import { TidingsError } from './error.js';

/** How often a message is sent again because the server said `rate_limited`. */
const RETRIES = 5;

/** How long to wait before that where the server did not say, in milliseconds. */
const RETRY = 1000;

interface Waiting {
  size: number;
  /** How often the server said that it came too fast. */
  refused: number;
  /** Resolves when the server has answered. */
  send(): Promise<void>;
  reject(error: TidingsError): void;
}

/** What waits for a connection, in the order it was sent, within limits. */
export class Queue {
  /** There is a connection, and nothing is before what comes now: it need not wait. */
  idle = false;
  #open = false;
  #items: Waiting[] = [];
  #bytes = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  readonly #maxMessages: number;
  readonly #maxBytes: number;

  /** At most `maxMessages` messages of together `maxBytes` bytes (as UTF-8). */
  constructor({ maxMessages = 100, maxBytes = 262_144 }: { maxMessages?: number; maxBytes?: number } = {}) {
    this.#maxMessages = maxMessages;
    this.#maxBytes = maxBytes;
  }

  /** Keeps `send` for later, or calls `reject` with `queue_full` when `text` does not fit any more. */
  add(text: string, send: Waiting['send'], reject: Waiting['reject']): void {
    const size = new TextEncoder().encode(text).length;
    if (this.#items.length >= this.#maxMessages || this.#bytes + size > this.#maxBytes) {
      reject(new TidingsError('queue_full'));
      return;
    }
    this.#items.push({ size, refused: 0, send, reject });
    this.#bytes += size;
  }

  /**
   * There is a connection: sends everything, oldest first. One at a time, because the server limits how fast: with more
   * under way, it could refuse one and take the next, which would be out of order.
   */
  async flush(): Promise<void> {
    this.#open = true;
    while (this.#open && this.#items.length) {
      const item = this.#items.shift() as Waiting;
      this.#bytes -= item.size;
      try {
        await item.send();
      } catch (e) {
        const error = e as TidingsError;
        if (this.#open && error.code === 'rate_limited' && item.refused++ < RETRIES) {
          this.#items.unshift(item);
          this.#bytes += item.size;
          // Spread, because this user's other clients may have been told the same.
          const wait = (error.retryAfter ?? RETRY) * (item.refused + Math.random());
          this.#retry = setTimeout(() => this.flush(), wait);
          return;
        }
        item.reject(error);
      }
    }
    this.idle = this.#open;
  }

  /** The connection is gone; with an error, for good: gives everything up. */
  lost(error?: TidingsError): void {
    this.#open = this.idle = false;
    clearTimeout(this.#retry);
    if (!error) return;
    for (const item of this.#items) item.reject(error);
    this.#items = [];
    this.#bytes = 0;
  }
}
