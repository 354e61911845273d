import { expect, test } from 'vitest';
import { formatCursor } from './cursor.js';
import { decode } from './decode.js';
import { asCursor } from './testing/fake-socket.js';
import type { ResumeCursor } from './wire.js';

const personal = { epoch: 'k3xw9q2a', offset: 17 };
const mine: ResumeCursor = { personal, broadcasts: { everyone: { epoch: 'k3xw9q2c', offset: 4 } } };
const orders = { name: 'orders', place: 'k3xw9q2b:41' };
const read = (text: string): ResumeCursor => JSON.parse(text);

test('reads what a greeting says, and nothing else', () => {
  expect(decode(asCursor(mine))).toEqual(mine);
  for (const text of [undefined, '', 'k3xw9q2a:17', 'e30x']) expect(decode(text)).toBeUndefined();
});

test('adds the places in rooms, null where nothing is kept, and who is watched', () => {
  const text = formatCursor(mine, [orders, { name: 'quiet', place: null }], ['bob', 'é 🦀']);
  expect(read(text)).toEqual({
    ...mine,
    rooms: { orders: orders.place, quiet: null },
    presence: ['bob', 'é 🦀'],
  });
  expect(read(formatCursor(mine, [{ name: 'never_in', place: undefined }], [])).rooms).toEqual({});
});

test.each(['a', '.:@-_', '__proto__', 'constructor'])('takes any name (%j)', (name) => {
  expect(Object.entries(read(formatCursor(mine, [{ name, place: null }], [])).rooms ?? {})).toEqual([
    [name, null],
  ]);
});

test.each([1, 20, 128])('holds what fits into 4,000 characters of an address, of names with %i', (length) => {
  const name = (n: number) => `${n}`.padStart(length, '_');
  const all = Array.from({ length: 1000 }, (_, n) => ({ name: name(n), place: `k3xw9q2a:${1e12 + n}` }));
  const users = Array.from({ length: 100 }, (_, n) => name(n));
  for (const text of [
    formatCursor(mine, all, users),
    formatCursor(mine, all, []),
    formatCursor(mine, [], users),
  ]) {
    const taken = new URLSearchParams({ resume: text }).toString().length;
    if (text.includes(all[0]?.name ?? '')) expect(taken).toBeGreaterThan(length > 20 ? 3300 : 1000);
    expect(taken).toBeLessThanOrEqual(4000);
  }
});

test('rooms that it does not name take no space', () => {
  const never = Array.from({ length: 1000 }, (_, n) => ({ name: `${n}`, place: undefined }));
  expect(Object.keys(read(formatCursor(mine, [...never, orders], [])).rooms ?? {})).toEqual(['orders']);
});
