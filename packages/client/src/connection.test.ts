import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { TidingsError } from './error.js';
import { connectedClient, FakeSocket, pass, testClient } from './testing/fake-socket.js';

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

test('connects, is greeted, and tells both changes', async () => {
  const { client, changes } = testClient({ clientType: 'web', clientVersion: '1.2', deviceId: 'd1' });
  const connected = client.connect();
  expect(client.status).toBe('connecting');
  await pass();
  const { url, protocols } = FakeSocket.last;
  expect(url.href).toBe('ws://tidings.test/v1/ws?client_type=web&client_version=1.2&device_id=d1');
  expect(protocols).toEqual(['tidings.v1']);
  FakeSocket.last.greet();
  await connected;
  expect(client).toMatchObject({ status: 'connected', isConnected: true, connectionId: 'c1', userId: 'ada' });
  expect(changes.map(({ status }) => status)).toEqual(['connecting', 'connected']);
});

test('the token is a subprotocol, never in the address, and asked for before every attempt', async () => {
  const token = vi.fn(async () => `t${token.mock.calls.length}`);
  await connectedClient({ token });
  expect(FakeSocket.last.protocols).toEqual(['tidings.v1', 'tidings.token.t1']);
  expect(FakeSocket.last.url.href).not.toContain('t1');
  FakeSocket.last.end();
  await pass(1000);
  expect(FakeSocket.last.protocols[1]).toBe('tidings.token.t2');
});

test('comes back with full jitter that doubles', async () => {
  const { changes } = await connectedClient();
  for (const wait of [500, 1000, 2000, 4000, 8000, 15_000, 15_000]) {
    const sockets = FakeSocket.all.length;
    FakeSocket.last.end();
    expect(changes.at(-1)).toMatchObject({ status: 'reconnecting', code: 1006, retryIn: wait });
    await pass(wait - 1);
    expect(FakeSocket.all.length).toBe(sockets);
    await pass(1);
    expect(FakeSocket.all.length).toBe(sockets + 1);
  }
  expect(changes.at(-1)?.attempt).toBe(7);
});

test('counts failures afresh after a connection that held', async () => {
  const { changes } = await connectedClient();
  FakeSocket.last.end();
  await pass(500);
  FakeSocket.last.greet();
  await pass(5000);
  FakeSocket.last.end();
  expect(changes.at(-1)).toMatchObject({ retryIn: 500, attempt: 1 });
});

test('a server that greets and closes at once is not hammered', async () => {
  const { changes } = await connectedClient();
  FakeSocket.last.end(4200);
  expect(changes.at(-1)?.retryIn).toBe(0);
  await pass();
  FakeSocket.last.greet();
  FakeSocket.last.end(4200);
  expect(changes.at(-1)?.retryIn).toBe(1000);
});

test('gives up after maxAttempts', async () => {
  const { client, changes } = testClient({ reconnect: { maxAttempts: 1 } });
  const failed = expect(client.connect()).rejects.toMatchObject({ code: 'unavailable', retryable: true });
  await pass();
  FakeSocket.last.end();
  await pass(500);
  FakeSocket.last.end();
  await failed;
  expect(changes.at(-1)?.status).toBe('error');
  expect(client.error?.code).toBe('unavailable');
});

test('reconnect: false does not come back', async () => {
  const { client } = await connectedClient({ reconnect: false });
  FakeSocket.last.end();
  expect(client.status).toBe('error');
  expect(vi.getTimerCount()).toBe(0);
});

test.each([4000, 4003, 4009, 4042])('%i is final', async (code) => {
  const { client, changes } = await connectedClient();
  FakeSocket.last.say({ type: 'error', code: 'forbidden', message: 'ended by an administrator' });
  FakeSocket.last.end(code, 'bye');
  expect(changes.at(-1)).toMatchObject({ status: 'error', code, reason: 'bye' });
  expect(client.error).toMatchObject({ code: 'forbidden', detail: 'ended by an administrator' });
  await expect(client.send('x', 1, { room: 'r' })).rejects.toBe(client.error);
});

test('1000 stays away without an error', async () => {
  const { client } = await connectedClient();
  FakeSocket.last.end(1000);
  expect(client).toMatchObject({ status: 'disconnected', error: null });
  await pass(60_000);
  expect(FakeSocket.all.length).toBe(1);
});

test('4001 asks the token function once more, then ends in an error', async () => {
  const token = vi.fn(() => 'stale');
  const { client, changes } = testClient({ token });
  const failed = expect(client.connect()).rejects.toMatchObject({ code: 'token_expired', status: 401 });
  for (const times of [1, 2]) {
    await pass();
    expect(token).toHaveBeenCalledTimes(times);
    FakeSocket.last.say({ type: 'error', code: 'token_expired', message: 'expired' });
    FakeSocket.last.end(4001);
  }
  await failed;
  expect(changes.at(-1)).toMatchObject({ status: 'error', code: 4001 });
  await pass(60_000);
  expect(token).toHaveBeenCalledTimes(2);
  expect(client.status).toBe('error');
});

test('4001 with a fixed token is final at once', async () => {
  const { client } = testClient({ token: 'bad' });
  const failed = expect(client.connect()).rejects.toMatchObject({ code: 'unauthorized' });
  await pass();
  FakeSocket.last.end(4001);
  await failed;
});

test('a token function that fails is tried again; one that says never is final', async () => {
  let error = new Error('offline');
  const token = vi.fn(async () => {
    throw error;
  });
  const { client, changes } = testClient({ token });
  client.connect().catch(() => {});
  await pass();
  expect(changes.at(-1)).toMatchObject({ status: 'reconnecting', error: { code: 'unavailable' } });
  await pass(500);
  expect(token).toHaveBeenCalledTimes(2);
  error = new TidingsError('unauthorized');
  await pass(1000);
  expect(client).toMatchObject({ status: 'error', error });
});

test('goodbye decides the first wait, whether or not the close comes', async () => {
  const { changes } = await connectedClient();
  FakeSocket.last.say({ type: 'goodbye', retry_after_ms: 500, spread_ms: 5000 });
  await pass(1000);
  FakeSocket.last.end(1012);
  expect(changes.at(-1)).toMatchObject({ retryIn: 2000, code: 1012 });
  await pass(2000);
  FakeSocket.last.greet();
  FakeSocket.last.say({ type: 'goodbye', retry_after_ms: 500, spread_ms: 5000 });
  await pass(2999);
  expect(FakeSocket.all.length).toBe(2);
  await pass(1);
  // A timer set by a timer waits for the next tick.
  await pass(1);
  expect(FakeSocket.all.length).toBe(3);
  expect(changes.at(-1)).toMatchObject({ reason: 'goodbye', retryIn: 0 });
});

test('an attempt that is never greeted times out', async () => {
  const { client, changes } = testClient({ timeout: 3000 });
  client.connect().catch(() => {});
  await pass(3000);
  expect(FakeSocket.last.closed).toBe(1000);
  expect(changes.at(-1)).toMatchObject({ status: 'reconnecting', reason: 'timeout' });
  client.disconnect();
});

test.each(['token', 'url'])(
  'a %s function that never settles times out, and the next attempt is an ordinary one',
  async (name) => {
    let hangs = true;
    const get = vi.fn(() => (hangs ? new Promise<string>(() => {}) : 'ws://tidings.test'));
    const { client, changes } = testClient({ timeout: 3000, [name]: get });
    const connected = client.connect();
    await pass(2999);
    expect(client.status).toBe('connecting');
    await pass(1);
    expect(changes.at(-1)).toMatchObject({
      status: 'reconnecting',
      reason: 'timeout',
      retryIn: 500,
      attempt: 1,
    });
    hangs = false;
    await pass(500);
    expect(get).toHaveBeenCalledTimes(2);
    FakeSocket.last.greet();
    await connected;
    expect(client.status).toBe('connected');
  },
);

test('the timeout is for the whole attempt, callbacks and greeting together', async () => {
  const later = (value: string) => new Promise<string>((resolve) => setTimeout(resolve, 1000, value));
  const { client, changes } = testClient({
    timeout: 3000,
    token: () => later('t'),
    url: () => later('ws://tidings.test'),
  });
  client.connect().catch(() => {});
  await pass(2000);
  expect(FakeSocket.all.length).toBe(1);
  await pass(999);
  expect(client.status).toBe('connecting');
  await pass(1);
  expect(FakeSocket.last.closed).toBe(1000);
  expect(changes.at(-1)).toMatchObject({ status: 'reconnecting', reason: 'timeout' });
  client.disconnect();
});

test.each(['token', 'url'])('what a %s function says after its attempt is over is ignored', async (name) => {
  const settle: ((value: string) => void)[] = [];
  const get = () => new Promise<string>((resolve) => settle.push(resolve));
  const { client } = testClient({ timeout: 3000, [name]: get });
  client.connect().catch(() => {});
  await pass(3500);
  expect(settle).toHaveLength(2);
  settle[0]?.('ws://late.test');
  await pass();
  expect(FakeSocket.all.length).toBe(0);
  settle[1]?.('ws://in.time');
  await pass();
  expect(FakeSocket.all.length).toBe(1);
  FakeSocket.last.greet();
  expect(client.status).toBe('connected');
});

test('a callback that fails after its attempt is over is ignored, too', async () => {
  const settle: ((error: Error) => void)[] = [];
  const token = () => new Promise<string>((_, reject) => settle.push(reject));
  const { client, changes } = testClient({ timeout: 3000, token });
  client.connect().catch(() => {});
  await pass(3500);
  const before = changes.length;
  settle[0]?.(new TidingsError('unauthorized'));
  await pass();
  expect(changes).toHaveLength(before);
  client.disconnect();
});

test.each(['token', 'url'])(
  'disconnect() while a %s function hangs: no timer stays, and connect() starts anew',
  async (name) => {
    let hangs = true;
    const get = () => (hangs ? new Promise<string>(() => {}) : 'ws://tidings.test');
    const { client } = testClient({ timeout: 3000, [name]: get });
    const refused = expect(client.connect()).rejects.toMatchObject({ code: 'closed' });
    await pass(1000);
    client.disconnect();
    await refused;
    expect(client.status).toBe('disconnected');
    expect(vi.getTimerCount()).toBe(0);
    hangs = false;
    const connected = client.connect();
    await pass();
    FakeSocket.last.greet();
    await connected;
  },
);

test('silence is asked about, and a silent server is dropped', async () => {
  const { changes } = await connectedClient();
  await pass(24_999);
  expect(FakeSocket.last.sent).toEqual([]);
  await pass(1);
  expect(FakeSocket.last.sent).toEqual([{ type: 'ping' }]);
  FakeSocket.last.say({ type: 'pong' });
  await pass(25_000);
  expect(FakeSocket.last.sent.length).toBe(2);
  await pass(9_999);
  expect(changes.at(-1)?.status).toBe('connected');
  await pass(1);
  expect(changes.at(-1)).toMatchObject({ status: 'reconnecting', reason: 'silent' });
  expect(FakeSocket.last.closed).toBe(1000);
});

test('after sleep it asks at once', async () => {
  await connectedClient();
  // Shorter than the silence that would call for a ping anyway.
  vi.setSystemTime(Date.now() + 12_000);
  await pass(5000);
  expect(FakeSocket.last.sent).toEqual([{ type: 'ping' }]);
});

test('online and visible: reconnects at once, or probes', async () => {
  const page = Object.assign(new EventTarget(), { visibilityState: 'visible' });
  const world = new EventTarget();
  vi.stubGlobal('document', page);
  vi.stubGlobal('addEventListener', world.addEventListener.bind(world));
  vi.stubGlobal('removeEventListener', world.removeEventListener.bind(world));
  const { client } = await connectedClient();
  page.dispatchEvent(new Event('visibilitychange'));
  expect(FakeSocket.last.sent).toEqual([{ type: 'ping' }]);
  FakeSocket.last.end();
  world.dispatchEvent(new Event('online'));
  await pass();
  expect(FakeSocket.all.length).toBe(2);
  FakeSocket.last.end();
  page.visibilityState = 'hidden';
  page.dispatchEvent(new Event('visibilitychange'));
  await pass();
  expect(FakeSocket.all.length).toBe(2);
  page.visibilityState = 'visible';
  page.dispatchEvent(new Event('visibilitychange'));
  await pass();
  expect(FakeSocket.all.length).toBe(3);
  client.disconnect();
  world.dispatchEvent(new Event('online'));
  page.dispatchEvent(new Event('visibilitychange'));
  await pass(60_000);
  expect(FakeSocket.all.length).toBe(3);
});

test('disconnect() ends everything and leaves no timer', async () => {
  const { client, changes } = await connectedClient();
  const lost = expect(client.send('x', 1, { room: 'r' })).rejects.toMatchObject({ code: 'unavailable' });
  client.disconnect();
  await lost;
  expect(FakeSocket.last.closed).toBe(1000);
  expect(changes.at(-1)).toMatchObject({ status: 'disconnected', reason: 'disconnect' });
  expect(vi.getTimerCount()).toBe(0);
});

test('disconnect() while connecting rejects connect() and outruns a slow token', async () => {
  const { client } = testClient({ token: () => new Promise((resolve) => setTimeout(resolve, 100, 't')) });
  const refused = expect(client.connect()).rejects.toMatchObject({ code: 'closed' });
  client.disconnect();
  await refused;
  await pass(1000);
  expect(FakeSocket.all.length).toBe(0);
});

test('reconnect() makes a new connection at once', async () => {
  const { client } = await connectedClient();
  const again = client.reconnect();
  expect(client.status).toBe('reconnecting');
  await pass();
  FakeSocket.last.greet();
  await again;
  expect(client.connectionId).toBe('c2');
  expect(FakeSocket.all[0]?.closed).toBe(1000);
});

test('without any WebSocket it says so', async () => {
  vi.stubGlobal('WebSocket', undefined);
  const { client } = testClient({ WebSocket: undefined });
  await expect(client.connect()).rejects.toMatchObject({ name: 'TidingsError', code: 'unsupported' });
  expect(client.status).toBe('error');
});

test('without window it waits for connect(), with one it does not', async () => {
  testClient();
  await pass();
  expect(FakeSocket.all.length).toBe(0);
  vi.stubGlobal('window', globalThis);
  testClient();
  await pass();
  expect(FakeSocket.all.length).toBe(1);
});

test('a message that is not understood does no harm', async () => {
  const debug = vi.fn();
  const { client } = await connectedClient({ debug });
  FakeSocket.last.onmessage?.({ data: 'not json' });
  FakeSocket.last.onmessage?.({ data: 'null' });
  expect(client.status).toBe('connected');
  expect(debug).toHaveBeenCalledWith('error', 'message not understood', expect.anything());
});

test('a published entry cannot pass for the server itself', async () => {
  const { client } = await connectedClient();
  const seen = vi.fn();
  client.on('goodbye', seen);
  FakeSocket.last.entry({ type: 'goodbye', room: 'r', retry_after_ms: 0, spread_ms: 0 });
  await pass(10);
  expect(seen).toHaveBeenCalledOnce();
  expect(FakeSocket.all.length).toBe(1);
});

test('an error of long ago does not explain a close', async () => {
  const { client } = await connectedClient();
  FakeSocket.last.say({ type: 'error', code: 'rate_limited', message: 'typing too fast' });
  FakeSocket.last.entry({ type: 'x' });
  FakeSocket.last.end(4009, 'ended by an administrator');
  expect(client.error).toMatchObject({ code: 'forbidden', detail: 'ended by an administrator' });
});
