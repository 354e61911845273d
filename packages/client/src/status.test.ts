import { expect, test } from 'vitest';
import { type Status, type StatusInput, transition } from './status.js';

const INPUTS: StatusInput[] = ['start', 'greeted', 'lost', 'failed', 'stop'];

test.each<[Status, ...(Status | undefined)[]]>([
  // start, greeted, lost, failed, stop
  ['disconnected', 'connecting', undefined, undefined, undefined, undefined],
  ['connecting', undefined, 'connected', 'reconnecting', 'error', 'disconnected'],
  ['connected', undefined, undefined, 'reconnecting', 'error', 'disconnected'],
  ['reconnecting', undefined, 'connected', 'reconnecting', 'error', 'disconnected'],
  ['error', 'connecting', undefined, undefined, undefined, 'disconnected'],
])('from %s', (status, ...next) => {
  expect(INPUTS.map((input) => transition(status, input))).toEqual(next);
});
