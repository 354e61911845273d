import { expect, test } from 'vitest';
import { describe, Recovery } from './recovery.js';

function away(before: number, after: number): Recovery {
  const recovery = new Recovery();
  recovery.joined(0, { offset: before, recovered: false });
  recovery.lost(1000);
  recovery.lost(2000);
  recovery.joined(5200, { offset: after, recovered: true });
  return recovery;
}

const sentence = (recovery: Recovery): string => describe(recovery.report() as never);

test('what was missed comes back, once and in order', () => {
  const recovery = away(4, 7);
  expect(sentence(recovery)).toBe('You were away 4.2 s: 0 of 3 entries recovered so far …');
  expect([5, 6, 7, 8].map((offset) => recovery.entry(offset))).toEqual([true, true, true, false]);
  expect(recovery.report()).toMatchObject({ state: 'done', recovered: 3, lost: 0, twice: 0 });
  expect(sentence(recovery)).toBe('You were away 4.2 s: 3 entries recovered, none lost, none twice.');
});

test('what was passed over is lost, what came again is counted', () => {
  const recovery = away(4, 7);
  for (const offset of [4, 5, 5, 7]) recovery.entry(offset);
  expect(recovery.report()).toMatchObject({ state: 'done', recovered: 2, lost: 1, twice: 2 });
  expect(sentence(recovery)).toBe('You were away 4.2 s: 2 entries recovered, 1 lost, 2 twice.');
});

test('the gap begins at the last entry that arrived, also after a second loss', () => {
  const recovery = away(4, 7);
  recovery.entry(5);
  recovery.lost(6000);
  recovery.joined(7000, { offset: 7, recovered: true });
  for (const offset of [6, 7]) recovery.entry(offset);
  expect(sentence(recovery)).toBe('You were away 1.0 s: 2 entries recovered, none lost, none twice.');
});

test('nothing happened', () => {
  expect(sentence(away(4, 4))).toBe(
    'You were away 4.2 s: nothing happened meanwhile, so nothing was missed.',
  );
});

test('a first join is no return', () => {
  const recovery = new Recovery();
  expect(recovery.joined(0, { offset: 3, recovered: false })).toBeUndefined();
  expect(recovery.entry(4)).toBe(false);
  expect(recovery.report()).toBeUndefined();
});

test('a server that forgot', () => {
  const recovery = away(4, 7);
  recovery.lost(6000);
  const report = recovery.joined(9000, { offset: 0, recovered: false });
  expect(describe(report as never)).toBe(
    'You were away 3.0 s: the server no longer knows what was missed, so this room starts afresh.',
  );
  // Offsets count from 1 again.
  expect(recovery.entry(1)).toBe(false);
});

test('a room that keeps nothing', () => {
  const recovery = new Recovery();
  recovery.joined(0, { recovered: false });
  recovery.lost(0);
  expect(recovery.joined(500, { recovered: false })).toMatchObject({ state: 'unkept', away: 500 });
});
