import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { connectedClient, FakeSocket, pass } from './testing/fake-socket.js';
import type { Event, TidingsClient } from './types.js';

let client: TidingsClient;
/** All events, and those of them that are not about a join. */
let everything: Event[];
let seen: Event[];

beforeEach(async () => {
  vi.useFakeTimers();
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
  ({ client } = await connectedClient({}, { resume: 'p:10' }));
  everything = [];
  seen = [];
  client.on('*', (event: Event) => {
    everything.push(event);
    if (event.type !== 'room_joined') seen.push(event);
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

async function joined(more: object = { epoch: 'e', offset: 42 }) {
  const room = client.room('orders');
  const done = room.join();
  FakeSocket.last.letIn({ ...more });
  await done;
  return room;
}

async function comeBack(greeting: object = { resume: 'p:10', recovered: true }) {
  FakeSocket.last.end();
  await pass(30_000);
  FakeSocket.last.greet({ ...greeting });
  await pass();
}

/** What the server says of the room that was named in the cursor. */
async function back(more: object) {
  FakeSocket.last.letBackIn('orders', { ...more });
  FakeSocket.last.resumed({ part: 'room', room: 'orders', recovered: true });
  await pass();
}

function entry(offset: number) {
  FakeSocket.last.entry({ type: 'x', room: 'orders', offset });
}

const offsets = () => seen.map(({ offset }) => offset);

test('idle, joining, joined, idle', async () => {
  const room = client.room('orders');
  expect(client.room('orders')).toBe(room);
  expect(room.state).toBe('idle');
  const done = room.join();
  const again = room.join();
  expect(room.state).toBe('joining');
  expect(FakeSocket.last.sent).toHaveLength(1);
  FakeSocket.last.letIn({ epoch: 'e', offset: 42 });
  await Promise.all([done, again, room.join()]);
  expect(room).toMatchObject({ state: 'joined', position: 'e:42' });
  const out = client.leaveRoom('orders');
  FakeSocket.last.answer('leave_room', { type: 'left_room', data: { room: 'orders' } });
  await out;
  expect(room).toMatchObject({ state: 'idle', position: null });
  await comeBack();
  expect(FakeSocket.last.sent).toEqual([]);
});

test('denied, until asked again', async () => {
  const room = client.room('orders');
  const refused = expect(room.join()).rejects.toMatchObject({
    code: 'forbidden',
    status: 403,
    retryable: false,
  });
  FakeSocket.last.answer('join_room', { type: 'error', code: 'forbidden', message: 'no' });
  await refused;
  expect(room.state).toBe('denied');
  await comeBack();
  expect(FakeSocket.last.sent).toEqual([]);
  const done = room.join();
  FakeSocket.last.letIn();
  await done;
});

test('joins again after what passes by itself, when the server says', async () => {
  const done = client.room('orders').join();
  FakeSocket.last.answer('join_room', {
    type: 'error',
    code: 'rate_limited',
    message: 'slow',
    retry_after_ms: 300,
  });
  await pass(449);
  expect(FakeSocket.last.sent).toHaveLength(1);
  await pass(1);
  expect(FakeSocket.last.sent).toHaveLength(2);
  FakeSocket.last.letIn();
  await done;
});

test('comes back with its position and takes what was missed, in order and once', async () => {
  const room = await joined();
  entry(43);
  entry(44);
  await comeBack();
  expect(room.state).toBe('joining');
  expect(FakeSocket.last.cursor.rooms).toEqual({ orders: 'e:44' });
  await back({ epoch: 'e', offset: 46, recovered: true });
  // 44 once more, as if it had crossed the break.
  for (const offset of [44, 45, 46, 46, 47]) entry(offset);
  expect(offsets()).toEqual([43, 44, 45, 46, 47]);
  expect(room.position).toBe('e:47');
});

test('a break in the middle of what was missed goes on from there', async () => {
  await joined();
  await comeBack();
  FakeSocket.last.letBackIn('orders', { epoch: 'e', offset: 45, recovered: true });
  entry(43);
  await comeBack();
  expect(FakeSocket.last.cursor.rooms).toEqual({ orders: 'e:43' });
});

test('tells when history is lost, and starts afresh in the new epoch', async () => {
  const room = await joined();
  await comeBack();
  await back({ epoch: 'f', offset: 3, recovered: false });
  expect(seen).toMatchObject([{ type: 'history_lost', room: 'orders' }]);
  expect(room.position).toBe('f:3');
  entry(4);
  expect(offsets()).toEqual([undefined, 4]);
});

test('every join is told, to the room and to *, when the state is set', async () => {
  const room = client.room('orders');
  const heard: unknown[] = [];
  room.on('room_joined', ({ data }) => heard.push([data.recovered, room.state, room.position]));
  client.room('other').on('*', () => heard.push('of another room'));
  const members = [{ user: 'ada', status: 'online' }];
  void room.join();
  FakeSocket.last.letIn({ epoch: 'e', offset: 42, members });
  expect(everything).toEqual([
    {
      id: '',
      type: 'room_joined',
      room: 'orders',
      time: new Date().toISOString(),
      data: { room: 'orders', recovered: false, epoch: 'e', offset: 42, members, member_count: 1 },
    },
  ]);
  await comeBack();
  await back({ epoch: 'e', offset: 44, recovered: true });
  entry(43);
  expect(heard).toEqual([
    [false, 'joined', 'e:42'],
    [true, 'joined', 'e:42'],
  ]);
  expect(everything.map(({ type }) => type)).toEqual(['room_joined', 'room_joined', 'x']);
});

test('a join that lost history is told before the loss', async () => {
  await joined();
  await comeBack();
  await back({ epoch: 'f', offset: 3, recovered: false });
  expect(everything.map(({ type }) => type)).toEqual(['room_joined', 'room_joined', 'history_lost']);
});

test('an answer that comes after leave() is no join', async () => {
  const room = client.room('orders');
  room.join().catch(() => {});
  void room.leave();
  FakeSocket.last.letIn();
  expect(everything).toEqual([]);
});

test('a handler of room_joined may leave', async () => {
  const room = client.room('orders');
  room.on('room_joined', () => void room.leave());
  void room.join();
  FakeSocket.last.letIn();
  FakeSocket.last.answer('leave_room', { type: 'left_room', data: { room: 'orders' } });
  expect(room.state).toBe('idle');
});

test('who is shown out of a room is told why, and does not come back', async () => {
  const room = await joined();
  const data = { room: 'orders', because: 'access_ended' };
  FakeSocket.last.say({ type: 'left_room', data });
  expect(everything.at(-1)).toMatchObject({
    type: 'room_denied',
    room: 'orders',
    data: { code: 'forbidden' },
  });
  expect(room).toMatchObject({ state: 'denied', position: null });
  await comeBack();
  expect(FakeSocket.last.sent).toEqual([]);
});

test('a room that is refused on the way back tells it, when the state is set', async () => {
  const room = await joined();
  const states: string[] = [];
  room.on('room_denied', () => states.push(room.state));
  await comeBack();
  const why = { code: 'forbidden', message: 'not any more' };
  FakeSocket.last.resumed({ part: 'refused', room: 'orders', ...why });
  await pass();
  expect(everything.at(-1)).toEqual({
    id: '',
    type: 'room_denied',
    room: 'orders',
    time: new Date().toISOString(),
    data: why,
  });
  expect(states).toEqual(['denied']);
});

test('a refusal that passes by itself is not told', async () => {
  await joined();
  await comeBack();
  const why = { code: 'rate_limited', message: 'too many rooms' };
  FakeSocket.last.resumed({ part: 'refused', room: 'orders', ...why });
  await pass();
  expect(everything.map(({ type }) => type)).toEqual(['room_joined']);
});

test('an answer that came too late for its question is a join, and ends the asking', async () => {
  const room = client.room('orders');
  void room.join();
  await pass(10_000);
  FakeSocket.last.letIn();
  FakeSocket.last.say({ type: 'pong' });
  await pass(5000);
  expect(room.state).toBe('joined');
  expect(FakeSocket.last.sent.filter(({ type }) => type === 'join_room')).toHaveLength(1);
});

test('the first join loses nothing, and takes the last value of a room that keeps it, once', async () => {
  await joined({ epoch: 'e', offset: 42 });
  entry(42);
  entry(42);
  entry(43);
  expect(offsets()).toEqual([42, 43]);
});

test('rooms that keep nothing have no position', async () => {
  const room = await joined({});
  FakeSocket.last.entry({ type: 'x', room: 'orders' });
  await comeBack();
  expect(FakeSocket.last.cursor.rooms).toEqual({ orders: null });
  await back({});
  expect(seen).toHaveLength(1);
  expect(room.state).toBe('joined');
});

test('join({ since }) continues from another day', async () => {
  const done = client.room('orders').join({ since: 'e:40' });
  expect(FakeSocket.last.asked('join_room').since).toEqual({ epoch: 'e', offset: 40 });
  FakeSocket.last.letIn({ epoch: 'e', offset: 41, recovered: true });
  await done;
  entry(40);
  entry(41);
  expect(offsets()).toEqual([41]);
});

test('entries in the same breath as the answer are counted', async () => {
  const room = client.room('orders');
  void room.join();
  FakeSocket.last.letIn({ epoch: 'e', offset: 42 });
  entry(43);
  entry(43);
  expect(offsets()).toEqual([43]);
});

test('a join asked for offline is done on connection; disconnect() gives it up', async () => {
  client.disconnect();
  const done = client.room('a').join();
  const refused = expect(client.room('b').join()).rejects.toMatchObject({ code: 'closed' });
  client.connect().catch(() => {});
  await pass();
  FakeSocket.last.greet();
  expect(FakeSocket.last.sent.map(({ room }) => room)).toEqual(['a', 'b']);
  FakeSocket.last.say({
    type: 'joined_room',
    reply_to: FakeSocket.last.sent[0]?.id,
    data: { room: 'a', recovered: false, members: [], member_count: 1 },
  });
  await done;
  client.disconnect();
  await refused;
  expect(client.room('a').state).toBe('idle');
  void client.connect();
  await pass();
  FakeSocket.last.greet();
  expect(FakeSocket.last.sent.map(({ room }) => room)).toEqual(['a']);
});

test('leaving while joining: the late answer does not bring it back', async () => {
  const room = client.room('orders');
  const refused = expect(room.join()).rejects.toMatchObject({ code: 'closed' });
  void room.leave();
  FakeSocket.last.letIn({ epoch: 'e', offset: 1 });
  expect(FakeSocket.last.sent.map(({ type }) => type)).toEqual(['join_room', 'leave_room']);
  FakeSocket.last.answer('leave_room', { type: 'left_room', data: { room: 'orders' } });
  await refused;
  expect(room.state).toBe('idle');
  await comeBack();
  expect(FakeSocket.last.sent).toEqual([]);
});

test('leaving and joining in one breath ends joined', async () => {
  const room = await joined();
  void room.leave();
  const done = room.join();
  FakeSocket.last.answer('leave_room', { type: 'left_room', data: { room: 'orders' } });
  FakeSocket.last.letIn({ epoch: 'e', offset: 50 });
  await done;
  expect(room).toMatchObject({ state: 'joined', position: 'e:50' });
});

test('a room joined by a raw message is kept, too', async () => {
  void client.send({ type: 'join_room', room: 'orders' });
  FakeSocket.last.letIn({ epoch: 'e', offset: 7 });
  expect(client.room('orders').state).toBe('joined');
  await comeBack();
  expect(FakeSocket.last.cursor.rooms).toEqual({ orders: 'e:7' });
});

test('what still comes of a room that was left is not heard; joined by a raw message, it is again', async () => {
  const room = await joined();
  void room.leave();
  entry(43);
  FakeSocket.last.answer('leave_room', { type: 'left_room', data: { room: 'orders' } });
  void client.send({ type: 'join_room', room: 'orders' });
  FakeSocket.last.letIn({ epoch: 'e', offset: 43 });
  entry(44);
  expect(room.state).toBe('joined');
  expect(offsets()).toEqual([44]);
});

test('the user’s own room: position, resume, duplicates', async () => {
  for (const offset of [10, 11, 12, 12]) FakeSocket.last.entry({ type: 'mine', offset });
  expect(offsets()).toEqual([11, 12]);
  await comeBack({ resume: 'p:12', recovered: true });
  expect(FakeSocket.last.cursor.personal).toEqual({ epoch: 'p', offset: 12 });
  for (const offset of [12, 13]) FakeSocket.last.entry({ type: 'mine', offset });
  expect(offsets()).toEqual([11, 12, 13]);
});

test('recovered is told per reconnect; a loss in the own room is an event without room', async () => {
  const recovered: unknown[] = [];
  client.onStatus((change) => change.status === 'connected' && recovered.push(change.recovered));
  await comeBack({ resume: 'p:10', recovered: true });
  expect(seen).toEqual([]);
  await comeBack({ resume: 'q:1', recovered: false });
  expect(seen).toMatchObject([{ type: 'history_lost' }]);
  expect(seen[0]).not.toHaveProperty('room');
  expect(recovered).toEqual([true, false]);
  await comeBack({ resume: 'q:1', recovered: true });
  expect(FakeSocket.last.cursor.personal).toEqual({ epoch: 'q', offset: 1 });
});

test('another user starts at the place the server says', async () => {
  await comeBack({ user: 'bob', resume: 'p:3', recovered: false });
  FakeSocket.last.entry({ type: 'mine', offset: 4 });
  expect(offsets()).toEqual([4]);
});

test('members, with who types', async () => {
  const room = await joined();
  FakeSocket.last.entry({ type: 'typing_indicator', room: 'orders', data: { user: 'bob', typing: true } });
  const asked = room.members();
  FakeSocket.last.answer('get_presence', {
    type: 'presence_state',
    items: [
      { user: 'ada', status: 'online' },
      { user: 'bob', status: 'away' },
    ],
  });
  expect(await asked).toEqual([
    { user: 'ada', status: 'online', typing: false },
    { user: 'bob', status: 'away', typing: true },
  ]);
  expect(FakeSocket.last.asked('get_presence').room).toBe('orders');
});

test('typing is told at most every 3 s, and its end once', async () => {
  const room = await joined();
  const typed = () =>
    FakeSocket.last.sent.filter(({ type }) => `${type}`.startsWith('typing')).map(({ type }) => type);
  room.typing(false);
  room.typing();
  await pass(2999);
  room.typing();
  expect(typed()).toEqual(['typing_start']);
  await pass(1);
  room.typing();
  room.typing(false);
  room.typing(false);
  room.typing();
  expect(typed()).toEqual(['typing_start', 'typing_start', 'typing_stop', 'typing_start']);
});

test('a room sends', async () => {
  const room = await joined();
  const sent = room.send('x', { n: 1 });
  expect(FakeSocket.last.asked('publish')).toMatchObject({ room: 'orders', event: 'x', data: { n: 1 } });
  FakeSocket.last.answer('publish', { type: 'published', entry_id: 'e1', offset: 43 });
  expect(await sent).toEqual({ id: 'e1', offset: 43 });
});

test('leaving while the connection goes is leaving', async () => {
  const room = await joined();
  const out = room.leave();
  FakeSocket.last.end();
  await out;
  expect(room.state).toBe('idle');
});
