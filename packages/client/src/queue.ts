import { TidingsError } from './error.js';

interface Waiting {
  size: number;
  send(): void;
  reject(error: TidingsError): void;
}

/** What waits for a connection, in the order it was sent, within limits. */
export class Queue {
  #items: Waiting[] = [];
  #bytes = 0;
  readonly #maxMessages: number;
  readonly #maxBytes: number;

  /** At most `maxMessages` messages of together `maxBytes` bytes (as UTF-8). */
  constructor(maxMessages: number, maxBytes: number) {
    this.#maxMessages = maxMessages;
    this.#maxBytes = maxBytes;
  }

  /** Keeps `send` for later, or calls `reject` with `queue_full` when `text` does not fit any more. */
  add(text: string, send: () => void, reject: (error: TidingsError) => void): void {
    const size = new TextEncoder().encode(text).length;
    if (this.#items.length >= this.#maxMessages || this.#bytes + size > this.#maxBytes) {
      reject(new TidingsError('queue_full', { detail: 'too much is waiting for a connection' }));
      return;
    }
    this.#items.push({ size, send, reject });
    this.#bytes += size;
  }

  /** Sends everything, oldest first. */
  flush(): void {
    for (const item of this.#take()) item.send();
  }

  /** Gives everything up. */
  fail(error: TidingsError): void {
    for (const item of this.#take()) item.reject(error);
  }

  #take(): Waiting[] {
    const items = this.#items;
    this.#items = [];
    this.#bytes = 0;
    return items;
  }
}
