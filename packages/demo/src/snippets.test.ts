import { expect, test } from 'vitest';
import { ACTIONS, type Action, LANGUAGES, type Language, snippet, type Values } from './snippets.js';

const VALUES: Values = {
  publishUrl: 'http://127.0.0.1:8000/v1/publish',
  apiKey: 'dev_key',
  token: 'a.b.c',
  room: 'orders',
  published: { type: 'note', data: { text: 'It\'s "here"', done: true, by: null } },
  sent: { type: 'message', data: { text: 'Hello' } },
  position: 'k3xw:41',
};

const all = Object.keys(ACTIONS).flatMap((action) =>
  Object.keys(LANGUAGES).map((language) => [action as Action, language as Language] as const),
);

test.each(all)('%s in %s has its values filled in', (action, language) => {
  const code = snippet(action, language, VALUES);
  expect(code).toContain('orders');
  expect(code).toContain('127.0.0.1:8000');
  expect(code).toMatch(/dev_key|a\.b\.c/);
  expect(code).not.toMatch(/undefined|\[object|NaN/);
});

test('curl gets its body past the shell', () => {
  expect(snippet('publish', 'curl', VALUES)).toBe(
    `curl http://127.0.0.1:8000/v1/publish \\
  -H 'Authorization: Bearer dev_key' \\
  -H 'Content-Type: application/json' \\
  -d '{"to":{"room":"orders"},"type":"note","data":{"text":"It'\\''s \\"here\\"","done":true,"by":null}}'`,
  );
});

test('each language writes values in its own words', () => {
  expect(snippet('publish', 'python', VALUES)).toContain(
    `json={"to": {"room": "orders"}, "type": "note", "data": {"text": "It's \\"here\\"", "done": True, "by": None}}`,
  );
  expect(snippet('publish', 'javascript', VALUES)).toContain(
    `{ to: { room: 'orders' }, type: 'note', data: { text: 'It\\'s "here"', done: true, by: null } }`,
  );
});

test('recovery begins where the user is', () => {
  expect(snippet('recover', 'curl', VALUES)).toContain(
    '{"type":"join_room","room":"orders","since":{"epoch":"k3xw","offset":41}}',
  );
});

test('only a back end has the API key', () => {
  for (const action of ['join', 'send', 'typing', 'recover'] as const) {
    for (const language of ['curl', 'python', 'javascript'] as const) {
      expect(snippet(action, language, VALUES)).not.toContain('dev_key');
    }
  }
});
