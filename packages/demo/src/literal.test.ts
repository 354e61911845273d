import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { javascript, json, python, shell } from './literal.js';

const HARD = { 'a-b': [1, -2.5, true, null], _c: `'"\\\n\u2028${'`'}$\{x}`, d: {}, e: [] };

test('JavaScript reads back what was written', () => {
  // Through JSON, because another context has another Object.
  expect(JSON.parse(JSON.stringify(runInNewContext(`(${javascript(HARD)})`)))).toEqual(HARD);
});

test('Python has its own words', () => {
  expect(python(HARD)).toMatch(/^\{"a-b": \[1, -2\.5, True, None\], "_c": "'\\"/);
});

test('a shell takes it as one word', () => {
  expect(shell(`it's $HOME`)).toBe(`'it'\\''s $HOME'`);
});

test('short JSON stays on one line', () => {
  expect(json({ id: 1, tags: ['a'] }, 40)).toBe('{ "id": 1, "tags": [ "a" ] }');
  expect(json({ id: 1, tags: ['a'] }, 20)).toBe('{\n  "id": 1,\n  "tags": [\n    "a"\n  ]\n}');
  expect(json({ text: 'two\n  lines' }, 40)).toBe('{ "text": "two\\n  lines" }');
  expect(json(null, 40)).toBe('null');
});
