import { expect, test } from 'vitest';
import { readData } from './composer.js';
import { plainText } from './feed.js';
import { displayName, hue } from './person.js';
import { statusText } from './status.js';
import { typingText } from './typing.js';

test('who types', () => {
  expect(typingText([])).toBe('');
  expect(typingText(['grace'])).toBe('Grace is typing…');
  expect(typingText(['ada', 'grace', 'joan'])).toBe('Ada, Grace and Joan are typing…');
  expect(typingText(['a', 'b', 'c', 'd'])).toBe('Several people are typing…');
});

test('how the connection is', () => {
  expect(statusText({ status: 'connecting' })).toBe('Connecting…');
  expect(statusText({ status: 'reconnecting', attempt: 3 }, 1440)).toBe('Reconnecting in 1.4 s · try 3');
  expect(statusText({ status: 'reconnecting', attempt: 3 })).toBe('Reconnecting · try 3');
});

test('what is written is JSON or a text', () => {
  expect(readData('{"id":7}')).toEqual({ id: 7 });
  expect(readData('[1]')).toEqual([1]);
  expect(readData('{ not JSON')).toEqual({ text: '{ not JSON' });
  expect(readData('7')).toEqual({ text: '7' });
});

test('data that is only a text reads as one', () => {
  expect(plainText({ text: 'Hi' })).toBe('Hi');
  expect(plainText('Hi')).toBe('Hi');
  for (const data of [null, 7, [], { text: 7 }, { text: 'Hi', to: 'ada' }])
    expect(plainText(data)).toBeUndefined();
});

test('Ada and Grace are told apart', () => {
  expect(displayName('ada')).toBe('Ada');
  expect(hue('ada')).not.toBe(hue('grace'));
});
