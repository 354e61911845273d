import { decode } from './decode.js';

/** The longest wait setTimeout takes, in milliseconds; a longer one would fire at once. */
const TIMER_MAX = 2 ** 31 - 1;

/** Refresh this long before the end, in milliseconds; half-way through for tokens that do not have twice as long. */
const MARGIN = 30_000;

/**
 * When a JWT ends (its `exp`), in milliseconds since 1970; undefined for anything else. Read, not verified: it only
 * decides when to ask for the next one.
 */
export function tokenExpiry(token: string | null | undefined): number | undefined {
  return decode(token?.split('.')[1])?.exp * 1000 || undefined;
}

/** One alarm shortly before a token ends. */
export class ExpiryTimer {
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Calls `due` before `expiry` (milliseconds since 1970, on the server's clock, which is `skew` ahead of ours). */
  set(expiry: number | undefined, skew: number, due: () => void): void {
    this.clear();
    if (!expiry) return;
    const left = expiry - Date.now() - skew;
    // Never sooner than a second: a refresh that keeps failing must not spin towards the end.
    const wait = Math.max(left - Math.min(MARGIN, left / 2), 1000);
    this.#timer =
      wait > TIMER_MAX ? setTimeout(() => this.set(expiry, skew, due), TIMER_MAX) : setTimeout(due, wait);
  }

  clear(): void {
    clearTimeout(this.#timer);
  }
}
