import { afterEach, expect, test, vi } from 'vitest';
import { address } from './address.js';

afterEach(() => {
  vi.unstubAllGlobals();
});

test.each([
  ['ws://h', 'ws://h/v1/ws'],
  ['wss://h:1234/', 'wss://h:1234/v1/ws'],
  ['http://h', 'ws://h/v1/ws'],
  ['https://h/behind/proxy', 'wss://h/behind/proxy'],
  ['https://h?x=1', 'wss://h/v1/ws?x=1'],
])('%s opens %s', (given, opened) => {
  expect(address(given, {})).toBe(opened);
});

test('comes from the page when nothing is given', () => {
  vi.stubGlobal('location', { href: 'https://app.example.com/orders?page=2#top' });
  expect(address(undefined, {})).toBe('wss://app.example.com/v1/ws');
  expect(address('/live', {})).toBe('wss://app.example.com/live');
});

test('encodes what is added, and leaves out what is not there', () => {
  expect(address('ws://h', { device_id: 'a b&c', client_type: undefined })).toBe(
    'ws://h/v1/ws?device_id=a+b%26c',
  );
});

test('without a page it needs an address', () => {
  expect(() => address(undefined, {})).toThrow();
  expect(() => address('/v1/ws', {})).toThrow();
});
