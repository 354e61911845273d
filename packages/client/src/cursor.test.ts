import { expect, test } from 'vitest';
import { formatCursor } from './cursor.js';

const personal = { epoch: 'k3xw9q2a', offset: 17 };
const orders = { name: 'orders', place: { epoch: 'k3xw9q2b', offset: 41 } };
const read = (text: string | undefined) => JSON.parse(Buffer.from(text ?? '', 'base64url').toString());

test('names the places in rooms, null where nothing is kept', () => {
  expect(read(formatCursor(personal, [orders, { name: 'quiet', place: null }]))).toEqual({
    personal,
    rooms: { orders: orders.place, quiet: null },
  });
});

test('there is none without such rooms', () => {
  expect(formatCursor(personal, [])).toBeUndefined();
  expect(formatCursor(personal, [{ name: 'never_in', place: undefined }])).toBeUndefined();
});

test.each(['', 'a', 'ab', 'abc', '.:@-_', '__proto__', 'constructor'])(
  'is base64url without padding, whatever the name (%j)',
  (more) => {
    const name = `room${more}`;
    for (const one of [name, more]) {
      const text = formatCursor(personal, [{ name: one, place: null }]);
      expect(text).toMatch(/^[\w-]+$/);
      expect(Object.entries(read(text).rooms)).toEqual([[one, null]]);
    }
  },
);

test.each([1, 20, 128])('holds what fits into 4,000 characters, of names with %i', (length) => {
  const all = Array.from({ length: 1000 }, (_, n) => ({
    name: `${n}`.padStart(length, '_'),
    place: length > 1 ? { epoch: 'k3xw9q2a', offset: 1e12 + n } : null,
  }));
  const text = formatCursor({ epoch: 'k3xw9q2a', offset: 2 ** 53 - 1 }, all);
  expect(text?.length).toBeGreaterThan(3300);
  expect(text?.length).toBeLessThanOrEqual(4000);
});

test('rooms that it does not name take no space', () => {
  const never = Array.from({ length: 1000 }, (_, n) => ({ name: `${n}`, place: undefined }));
  expect(Object.keys(read(formatCursor(personal, [...never, orders])).rooms)).toEqual(['orders']);
});
