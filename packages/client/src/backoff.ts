/**
 * How long to wait before attempt `k` (0 for the first one after a loss), in milliseconds: full jitter, so that a
 * thousand clients that lost the same server do not come back together.
 */
export function backoff(k: number, minDelay: number, maxDelay: number): number {
  return Math.random() * Math.min(maxDelay, minDelay * 2 ** k);
}
