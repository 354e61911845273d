import type { Status as Name, StatusChange } from '@tidings/client';
import { h } from './dom.js';

/** How often the seconds are counted down, in milliseconds. */
const TICK = 100;

/** The words for a status; `left` is the time until the next attempt, in milliseconds. */
export function statusText({ status, attempt = 1, error }: Partial<StatusChange>, left = 0): string {
  switch (status) {
    case 'connected':
      return 'Connected';
    case 'reconnecting':
      return left > 0
        ? `Reconnecting in ${(left / 1000).toFixed(1)} s · try ${attempt}`
        : `Reconnecting · try ${attempt}`;
    case 'error':
      return `Stopped: ${error?.message ?? 'the server refused'}`;
    case 'disconnected':
      return 'Disconnected';
    default:
      return 'Connecting…';
  }
}

/** The pill that says how the connection is. */
export class Status {
  readonly element: HTMLElement;
  readonly #text: HTMLElement = h('span', { class: 'words' });
  /** Told to those who listen: the status, and not every tenth of a second. */
  readonly #spoken: HTMLElement = h('span', { class: 'spoken', role: 'status' });
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor() {
    this.#text.setAttribute('aria-hidden', 'true');
    this.element = h('span', { class: 'status', 'data-testid': 'status' }, this.#text, this.#spoken);
    this.show({ status: 'connecting' });
  }

  show(change: Partial<StatusChange> & { status: Name }): void {
    clearInterval(this.#timer);
    const until = performance.now() + (change.retryIn ?? 0);
    const draw = (): void => {
      const left = until - performance.now();
      this.#text.textContent = statusText(change, left);
      if (left <= 0) clearInterval(this.#timer);
    };
    const spoken = change.status === 'reconnecting' ? 'Reconnecting' : statusText(change);
    if (this.#spoken.textContent !== spoken) this.#spoken.textContent = spoken;
    this.element.dataset.status = change.status;
    this.element.title = change.reason ?? '';
    this.#timer = setInterval(draw, TICK);
    draw();
  }
}
