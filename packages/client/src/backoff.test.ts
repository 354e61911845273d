import { afterEach, expect, test, vi } from 'vitest';
import { backoff } from './backoff.js';

afterEach(() => {
  vi.restoreAllMocks();
});

test.each([
  [0, 1000],
  [1, 2000],
  [4, 16_000],
  [5, 30_000],
  [5000, 30_000],
])('attempt %i waits less than %i ms, from nothing on', (k, limit) => {
  const random = vi.spyOn(Math, 'random');
  random.mockReturnValue(0);
  expect(backoff(k, 1000, 30_000)).toBe(0);
  random.mockReturnValue(0.999);
  expect(backoff(k, 1000, 30_000)).toBeCloseTo(limit * 0.999);
});
