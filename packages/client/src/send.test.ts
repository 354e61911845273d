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

test('what was sent offline goes out in order once there is a connection', async () => {
  const { client } = testClient();
  const sent = ['a', 'b', 'c'].map((data) => client.send('x', data, { room: 'r' }));
  void client.connect();
  await pass();
  FakeSocket.last.greet();
  await pass();
  expect(FakeSocket.last.sent.map(({ data }) => data)).toEqual(['a', 'b', 'c']);
  for (const { id } of FakeSocket.last.sent)
    FakeSocket.last.say({ type: 'published', reply_to: id, entry_id: `${id}` });
  expect(await Promise.all(sent)).toHaveLength(3);
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
  expect(FakeSocket.last.sent.map(({ data }) => data)).toEqual([undefined, 'before', 'after']);
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
