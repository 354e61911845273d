import type { DataOf, Event, EventName, Handler, LocalEvents, Unsubscribe } from './types.js';

interface Listener {
  type: string;
  room: string | undefined;
  handler: Handler;
}

/** Calls what the application gave us; what it throws is reported, so that the others do not notice. */
export type Call = <T>(handler: (value: T) => void, value: T) => void;

/** Who wants to hear which events. */
export class Events {
  readonly #listeners = new Set<Listener>();
  readonly #call: Call;

  constructor(call: Call) {
    this.#call = call;
  }

  /** Calls `handler` for events of `type` (`*` for all), of one room only when given, until unsubscribed or aborted. */
  on<T extends EventName>(
    type: T | '*',
    handler: Handler<T>,
    { room, signal }: { room?: string; signal?: AbortSignal } = {},
  ): Unsubscribe {
    const listener: Listener = { type, room, handler: handler as Handler };
    const off = () => {
      this.#listeners.delete(listener);
      signal?.removeEventListener('abort', off);
    };
    if (!signal?.aborted) {
      this.#listeners.add(listener);
      signal?.addEventListener('abort', off);
    }
    return off;
  }

  /** Forgets one handler of a type, or all of them. */
  off(type: string, handler?: unknown): void {
    for (const listener of this.#listeners) {
      if (listener.type === type && (!handler || listener.handler === handler))
        this.#listeners.delete(listener);
    }
  }

  /** Calls everyone who was there when the event came, in the order of their coming. */
  emit(event: Event): void {
    for (const listener of [...this.#listeners]) {
      const { type, room, handler } = listener;
      // An earlier handler may just have taken this one off.
      if (!this.#listeners.has(listener)) continue;
      if ((type === '*' || type === event.type) && (room === undefined || room === event.room)) {
        this.#call(handler, event);
      }
    }
  }
  /** Tells what the server did not say in an entry: see {@link LocalEvents}. */
  tell<T extends keyof LocalEvents>(type: T, data: DataOf<T>, room?: string): void {
    this.emit({ id: '', type, data, time: new Date().toISOString(), ...(room && { room }) });
  }
}
