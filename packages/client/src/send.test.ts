import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { connectedClient, FakeSocket, pass, testClient } from './testing/fake-socket.js';

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** The data of what was published on this socket, in order. */
const published = () => FakeSocket.last.sent.filter(({ type }) => type === 'publish').map(({ data }) => data);

/** The server takes what was published last. */
async function take() {
  FakeSocket.last.answer('publish', {
    type: 'published',
    entry_id: `${FakeSocket.last.asked('publish').data}`,
  });
  await pass();
}

/** The server does not take what was published last, for now. */
async function slowDown() {
  FakeSocket.last.answer('publish', {
    type: 'error',
    code: 'rate_limited',
    message: 'too many messages',
    retry_after_ms: 100,
  });
  await pass();
}

/** A client that has sent a and b offline and is connected now. */
async function flushing() {
  const { client } = testClient();
  const sent = ['a', 'b'].map((data) => client.send('x', data, { room: 'r' }));
  void client.connect();
  await pass();
  FakeSocket.last.greet();
  await pass();
  return { client, sent };
}

test('publishes to a room and resolves with the entry', async () => {
  const { client } = await connectedClient();
  const sent = client.send('order_created', { id: 1 }, { room: 'orders' });
  expect(FakeSocket.last.asked('publish')).toEqual({
    type: 'publish',
    room: 'orders',
    event: 'order_created',
    data: { id: 1 },
    id: expect.any(Number),
  });
  FakeSocket.last.answer('publish', { type: 'published', entry_id: 'e1', offset: 42 });
  expect(await sent).toEqual({ id: 'e1', offset: 42 });
});

test('answers find their question whatever their order', async () => {
  const { client } = await connectedClient();
  const sent = [1, 2, 3].map((n) => client.send('x', n, { room: 'r' }));
  const ids = FakeSocket.last.sent.map(({ id }) => id);
  expect(new Set(ids).size).toBe(3);
  for (const n of [2, 0, 1]) FakeSocket.last.say({ type: 'published', reply_to: ids[n], entry_id: `e${n}` });
  expect(await Promise.all(sent)).toEqual([{ id: 'e0' }, { id: 'e1' }, { id: 'e2' }]);
});

test('rejects with what the server says', async () => {
  const { client } = await connectedClient();
  const sent = client.send('x', 1, { room: 'r' });
  FakeSocket.last.answer('publish', {
    type: 'error',
    code: 'rate_limited',
    message: 'slow down',
    retry_after_ms: 1200,
  });
  await expect(sent).rejects.toMatchObject({
    name: 'TidingsError',
    code: 'rate_limited',
    status: 429,
    retryable: true,
    detail: 'slow down',
    retryAfter: 1200,
  });
});

test('rejects when no answer comes', async () => {
  const { client } = await connectedClient();
  const sent = client.send('x', 1, { room: 'r', timeout: 500 });
  const late = expect(sent).rejects.toMatchObject({ code: 'timeout', retryable: true });
  await pass(500);
  await late;
  FakeSocket.last.answer('publish', { type: 'published', entry_id: 'late' });
});

test('ack: false resolves when it is on its way', async () => {
  const { client } = await connectedClient();
  await client.send('x', 1, { room: 'r', ack: false });
  expect(FakeSocket.last.asked('publish').data).toBe(1);
});

test('raw messages go as they are; commands get their type; some have no answer', async () => {
  const { client } = await connectedClient();
  const sent = client.send({ type: 'get_history', room: 'r', limit: 5 });
  expect(FakeSocket.last.asked('get_history')).toMatchObject({ room: 'r', limit: 5 });
  FakeSocket.last.answer('get_history', { type: 'history' });
  expect(await sent).toEqual({ id: expect.any(String) });
  void client.send({ command: 'custom_action', data: 1 });
  expect(FakeSocket.last.asked('command')).toMatchObject({ command: 'custom_action', data: 1 });
  void client.send('approve', { id: 1 });
  expect(FakeSocket.last.asked('command')).toMatchObject({ command: 'approve', data: { id: 1 } });
  await client.send({ type: 'typing_start', room: 'r' });
});

test('what was sent offline goes out in order, each when the one before was answered', async () => {
  const { client } = testClient();
  const sent = ['a', 'b', 'c'].map((data) => client.send('x', data, { room: 'r' }));
  void client.connect();
  await pass();
  FakeSocket.last.greet();
  await pass();
  expect(published()).toEqual(['a']);
  await take();
  expect(published()).toEqual(['a', 'b']);
  await take();
  await take();
  expect(published()).toEqual(['a', 'b', 'c']);
  expect(await Promise.all(sent)).toEqual([{ id: 'a' }, { id: 'b' }, { id: 'c' }]);
});

test('what was sent offline waits until the rooms are joined, and keeps its order with what comes then', async () => {
  const { client } = testClient();
  const joined = client.joinRoom('r');
  void client.send('x', 'before', { room: 'r' });
  void client.connect();
  await pass();
  FakeSocket.last.greet();
  void client.send('x', 'after', { room: 'r' });
  await pass();
  expect(FakeSocket.last.sent.map(({ type }) => type)).toEqual(['join_room']);
  FakeSocket.last.letIn();
  await joined;
  await pass();
  void client.send('x', 'last', { room: 'r' });
  for (let n = 0; n < 3; n++) await take();
  expect(published()).toEqual(['before', 'after', 'last']);
  void client.send('x', 'at once', { room: 'r' });
  expect(published()).toEqual(['before', 'after', 'last', 'at once']);
});

test('a room that refuses does not hold back the queue', async () => {
  const { client } = testClient();
  const refused = expect(client.joinRoom('r')).rejects.toMatchObject({ code: 'forbidden' });
  void client.send('x', 1, { room: 'other' });
  void client.connect();
  await pass();
  FakeSocket.last.greet();
  FakeSocket.last.answer('join_room', { type: 'error', code: 'forbidden', message: 'no' });
  await refused;
  await pass();
  expect(FakeSocket.last.asked('publish').data).toBe(1);
});

test('the queue is bounded, by number and by bytes', async () => {
  const { client } = testClient({ queue: { maxMessages: 2, maxBytes: 1000 } });
  const kept = [1, 2].map((n) => client.send('x', n, { room: 'r' }));
  await expect(client.send('x', 3, { room: 'r' })).rejects.toMatchObject({
    code: 'queue_full',
    retryable: true,
  });
  const given = Promise.all(kept.map((one) => expect(one).rejects.toMatchObject({ code: 'closed' })));
  void client.connect().catch(() => {});
  client.disconnect();
  await given;
  await expect(client.send('x', 'é'.repeat(600), { room: 'r' })).rejects.toMatchObject({
    code: 'queue_full',
  });
});

test('by default 100 messages wait', async () => {
  const { client } = testClient();
  const sent = Array.from({ length: 101 }, () =>
    client.send('x', 1, { room: 'r' }).catch(({ code }) => code),
  );
  expect(await sent[100]).toBe('queue_full');
});

test.each([{ queue: false as const }, {}])('queue: false rejects at once when offline', async (options) => {
  const { client } = testClient(options);
  const how = options.queue === false ? {} : { queue: false };
  await expect(client.send('x', 1, { room: 'r', ...how })).rejects.toMatchObject({ code: 'unavailable' });
});

test.each([true, false])(
  'queue: false, ack: %s rejects when offline, answered by the server or not',
  async (ack) => {
    const { client } = testClient({ queue: false });
    const refused = { code: 'unavailable', detail: 'not connected' };
    await expect(client.send('x', 1, { room: 'r', ack })).rejects.toMatchObject(refused);
    await expect(client.send({ type: 'typing_start', room: 'r' })).rejects.toMatchObject(refused);
    expect(vi.getTimerCount()).toBe(0);
  },
);

test('what was sent and not answered when the connection went is rejected, and never sent again', async () => {
  const { client } = await connectedClient();
  const sent = expect(client.send('x', 1, { room: 'r' })).rejects.toMatchObject({
    code: 'unavailable',
    retryable: true,
  });
  FakeSocket.last.end();
  await sent;
  await pass(500);
  FakeSocket.last.greet();
  await pass();
  expect(FakeSocket.last.sent).toEqual([]);
});

test('what cannot be written as JSON rejects', async () => {
  const { client } = await connectedClient();
  await expect(client.send('x', 1n, { room: 'r' })).rejects.toThrow(TypeError);
});

test('a connection that goes while the rooms are joined keeps the queue for the next', async () => {
  const { client } = testClient();
  client.joinRoom('r').catch(() => {});
  void client.connect();
  await pass();
  FakeSocket.last.greet();
  FakeSocket.last.end();
  await pass();
  void client.send('x', 1, { room: 'r' });
  await pass(500);
  FakeSocket.last.greet();
  FakeSocket.last.letIn();
  await pass();
  expect(FakeSocket.last.asked('publish').data).toBe(1);
});

test('what waited and is sent too fast is sent again when the server says, and the others wait behind it', async () => {
  const { client, sent } = await flushing();
  await slowDown();
  sent.push(client.send('x', 'c', { room: 'r' }));
  await pass(149);
  expect(published()).toEqual(['a']);
  await pass(1);
  expect(published()).toEqual(['a', 'a']);
  await slowDown();
  await pass(249);
  expect(published()).toEqual(['a', 'a']);
  await pass(1);
  for (let n = 0; n < 3; n++) await take();
  expect(published()).toEqual(['a', 'a', 'a', 'b', 'c']);
  expect(await Promise.all(sent)).toEqual([{ id: 'a' }, { id: 'b' }, { id: 'c' }]);
});

test('what is too fast six times is given up, and the next has its turn', async () => {
  const { sent } = await flushing();
  const refused = expect(sent[0]).rejects.toMatchObject({ code: 'rate_limited', retryAfter: 100 });
  for (let n = 0; n < 6; n++) {
    await slowDown();
    await pass(1000);
  }
  await refused;
  await take();
  expect(published()).toEqual([...'aaaaaa', 'b']);
  expect(await sent[1]).toEqual({ id: 'b' });
});

test('what the server refuses for another reason is not sent again', async () => {
  const { sent } = await flushing();
  const refused = expect(sent[0]).rejects.toMatchObject({ code: 'forbidden' });
  FakeSocket.last.answer('publish', { type: 'error', code: 'forbidden', message: 'no' });
  await refused;
  await pass();
  expect(published()).toEqual(['a', 'b']);
});

test('a connection that goes while the queue is sent takes only what was not answered with it', async () => {
  const { sent } = await flushing();
  const lost = expect(sent[0]).rejects.toMatchObject({ code: 'unavailable' });
  FakeSocket.last.end();
  await lost;
  await pass(500);
  FakeSocket.last.greet();
  await pass();
  await slowDown();
  // Known not to have happened: it stays.
  FakeSocket.last.end();
  await pass(1000);
  FakeSocket.last.greet();
  await pass();
  expect(published()).toEqual(['b']);
  await pass(1000);
  expect(published()).toEqual(['b']);
  await take();
  expect(await sent[1]).toEqual({ id: 'b' });
});

test('disconnect() while the queue waits for the server gives it up and leaves no timer', async () => {
  const { client, sent } = await flushing();
  const given = sent.map((one) => expect(one).rejects.toMatchObject({ code: 'closed' }));
  await slowDown();
  client.disconnect();
  await Promise.all(given);
  expect(vi.getTimerCount()).toBe(0);
});

test('what waits for the server counts for the limits of the queue', async () => {
  const { client } = testClient({ queue: { maxMessages: 1 } });
  const first = client.send('x', 'a', { room: 'r' });
  void client.connect();
  await pass();
  FakeSocket.last.greet();
  await pass();
  await slowDown();
  await expect(client.send('x', 'b', { room: 'r' })).rejects.toMatchObject({ code: 'queue_full' });
  await pass(150);
  await take();
  expect(await first).toEqual({ id: 'a' });
  void client.send('x', 'c', { room: 'r' });
  expect(published()).toEqual(['a', 'a', 'c']);
});

test('ack: false from the queue is paced and sent again, too; what has no answer holds nothing back', async () => {
  const { client } = testClient();
  const first = client.send('x', 'a', { room: 'r', ack: false });
  const typing = client.send({ type: 'typing_start', room: 'r' });
  void client.send('x', 'b', { room: 'r' });
  void client.connect();
  await pass();
  FakeSocket.last.greet();
  await pass();
  expect(await first).toEqual({ id: expect.any(String) });
  await slowDown();
  await pass(150);
  await take();
  await typing;
  expect(FakeSocket.last.sent.map(({ type, data }) => data ?? type)).toEqual(['a', 'a', 'typing_start', 'b']);
});
