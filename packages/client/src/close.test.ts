import { expect, test } from 'vitest';
import { type CloseAction, closeAction } from './close.js';

test.each<[number, CloseAction]>([
  [0, 'wait'],
  [1000, 'stop'],
  [1001, 'wait'],
  [1006, 'wait'],
  [1008, 'wait'],
  [1012, 'wait'],
  [1013, 'wait'],
  [4000, 'final'],
  [4001, 'token'],
  [4003, 'final'],
  [4009, 'final'],
  [4099, 'final'],
  [4100, 'wait'],
  [4199, 'wait'],
  [4200, 'now'],
  [4299, 'now'],
  [4300, 'wait'],
])('%i: %s', (code, action) => {
  expect(closeAction(code)).toBe(action);
});
