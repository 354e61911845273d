import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { connectedClient, FakeSocket, pass } from './testing/fake-socket.js';
import { ExpiryTimer, tokenExpiry } from './token.js';

const NOW = Date.parse('2026-11-21T06:00:00Z');

function jwt(claims: object): string {
  return `h.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.s`;
}

beforeEach(() => {
  vi.useFakeTimers({ now: NOW });
});
afterEach(() => {
  vi.useRealTimers();
});

test('reads exp, also where base64url differs from base64', () => {
  expect(tokenExpiry(jwt({ exp: 1_800_000_000 }))).toBe(1_800_000_000_000);
  expect(tokenExpiry(jwt({ sub: '???>>>ÿÿ', exp: 2 }))).toBe(2000);
});

test.each([null, undefined, '', 'opaque', 'a.b.c', jwt({ sub: 'ada' })])('%s does not end', (token) => {
  expect(tokenExpiry(token)).toBeUndefined();
});

test.each([
  [3_600_000, 0, 3_570_000],
  [40_000, 0, 20_000],
  [3_600_000, 60_000, 3_510_000],
  [-5000, 0, 1000],
  [2 ** 32, 0, 2 ** 32 - 30_000],
])('a token with %i ms left, the server %i ms ahead, is due after %i ms', async (left, skew, wait) => {
  const due = vi.fn();
  new ExpiryTimer().set(NOW + left, skew, due);
  await pass(wait - 1);
  expect(due).not.toHaveBeenCalled();
  await pass(1);
  expect(due).toHaveBeenCalledOnce();
});

test('refreshes over the living connection before the token ends', async () => {
  let lasts = 60;
  const token = vi.fn(() => jwt({ n: token.mock.calls.length, exp: NOW / 1000 + lasts }));
  const { client } = await connectedClient({ token });
  lasts = 120;
  await pass(30_000);
  expect(token).toHaveBeenCalledTimes(2);
  expect(FakeSocket.last.asked('refresh_token').token).toBe(token.mock.results[1]?.value);
  FakeSocket.last.answer('refresh_token', {
    type: 'authenticated',
    user: 'ada',
    expires_at: '2026-11-21T06:02:00Z',
  });
  await pass(24_000);
  FakeSocket.last.say({ type: 'pong' });
  await pass(24_000);
  FakeSocket.last.say({ type: 'pong' });
  expect(token).toHaveBeenCalledTimes(2);
  await pass(12_000);
  expect(token).toHaveBeenCalledTimes(3);
  expect(FakeSocket.all.length).toBe(1);
  client.disconnect();
  expect(vi.getTimerCount()).toBe(0);
});

test('a refresh that fails is tried again before the end', async () => {
  const token = vi.fn<() => Promise<string>>().mockResolvedValueOnce(jwt({ exp: NOW / 1000 + 60 }));
  await connectedClient({ token });
  token.mockRejectedValue(new Error('offline'));
  await pass(30_000);
  expect(token).toHaveBeenCalledTimes(2);
  FakeSocket.last.say({ type: 'pong' });
  await pass(15_000);
  expect(token).toHaveBeenCalledTimes(3);
});

test('a token that comes for a connection that is gone is not brought to the next', async () => {
  let settle: (token: string) => void = () => {};
  const token = vi.fn<() => string | Promise<string>>(() => jwt({ exp: NOW / 1000 + 60 }));
  await connectedClient({ token });
  token.mockReturnValueOnce(new Promise<string>((resolve) => (settle = resolve)));
  await pass(30_000);
  expect(token).toHaveBeenCalledTimes(2);
  FakeSocket.last.end();
  await pass(1000);
  FakeSocket.last.greet();
  settle('late');
  await pass();
  expect(FakeSocket.last.sent).toEqual([]);
});

test('setToken() refreshes a living connection and serves the next', async () => {
  const { client } = await connectedClient({ token: 'one' });
  client.setToken('two');
  expect(FakeSocket.last.asked('refresh_token').token).toBe('two');
  FakeSocket.last.answer('refresh_token', { type: 'authenticated', user: 'ada' });
  void client.reconnect();
  await pass();
  expect(FakeSocket.last.protocols[1]).toBe('tidings.token.two');
});

test('setToken() with a refused token ends in an error', async () => {
  const { client } = await connectedClient({ token: 'one' });
  client.setToken('bad');
  FakeSocket.last.answer('refresh_token', { type: 'error', code: 'unauthorized', message: 'no' });
  await pass();
  expect(FakeSocket.last.protocols[1]).toBe('tidings.token.bad');
  FakeSocket.last.end(4001);
  expect(client.status).toBe('error');
});

test('setToken(null) comes back without an identity', async () => {
  const { client } = await connectedClient({ token: 'one' });
  client.setToken(null);
  await pass();
  expect(FakeSocket.all.length).toBe(2);
  expect(FakeSocket.last.protocols).toEqual(['tidings.v1']);
});

test('setToken() before connect() only waits', async () => {
  const { client } = await connectedClient();
  client.disconnect();
  client.setToken('three');
  await pass();
  expect(FakeSocket.all.length).toBe(1);
  void client.connect();
  await pass();
  expect(FakeSocket.last.protocols[1]).toBe('tidings.token.three');
});
