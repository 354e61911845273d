import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { asCursor, connectedClient, FakeSocket, pass, testClient } from './testing/fake-socket.js';
import type { Event, Presence, StatusChange, TidingsClient } from './types.js';

let client: TidingsClient;
let changes: StatusChange[];
/** What was heard, as `room type offset`. */
let heard: string[];

beforeEach(async () => {
  vi.useFakeTimers();
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
  ({ client, changes } = await connectedClient({}, { resume: 'p:10' }));
  heard = [];
  client.on('*', ({ room, type, offset }: Event) => heard.push([room, type, offset].join(' ').trim()));
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** Joins rooms, each at the place `e:<its number>`. */
async function join(...names: string[]) {
  for (const [n, name] of names.entries()) {
    const joined = client.joinRoom(name);
    FakeSocket.last.letIn({ epoch: 'e', offset: n + 1 });
    await joined;
  }
  heard = [];
}

/** Breaks the connection, and makes the next one, up to before its greeting. */
async function cut() {
  const sockets = FakeSocket.all.length;
  FakeSocket.last.end();
  for (let n = 0; n < 100 && FakeSocket.all.length === sockets; n++) await pass(500);
}

async function greet(more: object = { recovered: true }) {
  FakeSocket.last.greet({ resume: 'p:10', ...more });
  await pass();
}

function entry(room: string, offset: number) {
  FakeSocket.last.entry({ type: 'x', room, offset });
}

async function resumed(...parts: Record<string, unknown>[]) {
  FakeSocket.last.resumed(...parts);
  await pass();
}

const room = (name: string) => ({ part: 'room', room: name, recovered: true });
const refused = (name: string, code: string) => ({ part: 'refused', room: name, code, message: 'no' });

/** What this connection's client said, as `type room`. */
const said = () => FakeSocket.last.sent.map(({ type, room }) => `${type} ${room}`);
const states = (...names: string[]) => names.map((name) => client.room(name).state);

test('one cursor brings back all rooms, and nothing more is asked', async () => {
  await join('a', 'b', 'c');
  FakeSocket.last.entry({ type: 'mine', offset: 11 });
  entry('b', 3);
  heard = [];
  await cut();
  expect(FakeSocket.last.cursor).toEqual({
    personal: { epoch: 'p', offset: 11 },
    presence: [],
    rooms: { a: 'e:1', b: 'e:3', c: 'e:3' },
  });
  await greet();
  expect(states('a', 'b', 'c')).toEqual(['joining', 'joining', 'joining']);
  FakeSocket.last.letBackIn('a', { epoch: 'e', offset: 2, recovered: true });
  entry('a', 2);
  FakeSocket.last.letBackIn('b', { epoch: 'e', offset: 3, recovered: true });
  entry('b', 3);
  FakeSocket.last.letBackIn('c', { epoch: 'f', offset: 1 });
  entry('a', 3);
  await resumed(room('a'), room('b'), room('c'));
  entry('c', 2);
  expect(states('a', 'b', 'c')).toEqual(['joined', 'joined', 'joined']);
  expect(heard).toEqual([
    'a room_joined',
    'a x 2',
    'b room_joined',
    'c room_joined',
    'c history_lost',
    'a x 3',
    'c x 2',
  ]);
  await pass(20_000);
  expect(FakeSocket.last.sent).toEqual([]);
});

test('the status says with the greeting whether what was sent to the user follows; each room says it for itself', async () => {
  await join('a');
  await cut();
  await greet();
  expect(changes.at(-1)).toMatchObject({ status: 'connected', recovered: true });
  expect(client.room('a').state).toBe('joining');
  FakeSocket.last.letBackIn('a', { epoch: 'f', offset: 1 });
  await resumed(room('a'));
  await cut();
  await greet({ recovered: false, resume: 'q:1', lost: { reason: 'epoch', oldest: 1 } });
  expect(changes.at(-1)).toMatchObject({ status: 'connected', recovered: false });
  FakeSocket.last.letBackIn('a', { epoch: 'f', offset: 1, recovered: true });
  await resumed(room('a'));
  expect(heard).toEqual(['a room_joined', 'a history_lost', 'history_lost', 'a room_joined']);
  expect(FakeSocket.last.sent).toEqual([]);
});

test('a break in the middle goes on from where each room is', async () => {
  await join('a', 'b');
  await cut();
  await greet();
  FakeSocket.last.letBackIn('a', { epoch: 'e', offset: 5, recovered: true });
  entry('a', 2);
  await cut();
  expect(FakeSocket.last.cursor.rooms).toEqual({
    a: 'e:2',
    b: 'e:2',
  });
});

test('a room that is refused is denied and not asked for again, the others are back', async () => {
  await join('a', 'b');
  const denied = vi.fn();
  client.room('a').on('room_denied', ({ data }) => denied(data, client.room('a').state));
  await cut();
  await greet();
  FakeSocket.last.letBackIn('b', { epoch: 'e', offset: 2, recovered: true });
  await resumed(refused('a', 'forbidden'), room('b'));
  expect(denied.mock.calls).toEqual([[{ code: 'forbidden', message: 'no' }, 'denied']]);
  expect(states('a', 'b')).toEqual(['denied', 'joined']);
  await cut();
  expect(FakeSocket.last.cursor.rooms).toEqual({ b: 'e:2' });
});

test('a refusal that passes by itself is followed by another try, and holds nothing back', async () => {
  await join('a');
  await cut();
  void client.send('x', 1, { room: 'b' });
  await greet();
  expect(said()).toEqual([]);
  await resumed(refused('a', 'rate_limited'));
  expect(said()).toEqual(['publish b']);
  expect(client.room('a').state).toBe('joining');
  await pass(1499);
  expect(said()).toEqual(['publish b']);
  await pass(1);
  expect(FakeSocket.last.asked('join_room')).toMatchObject({ room: 'a', since: { epoch: 'e', offset: 1 } });
  FakeSocket.last.letIn({ epoch: 'e', offset: 2, recovered: true });
  entry('a', 2);
  expect(heard).toEqual(['a room_joined', 'a x 2']);
});

test('what waits to be sent goes when all rooms are back', async () => {
  await join('a', 'b');
  await cut();
  void client.send('x', 1, { room: 'a' });
  await greet();
  FakeSocket.last.letBackIn('a', { epoch: 'e', offset: 1, recovered: true });
  void client.send('x', 2, { room: 'a' });
  await pass();
  expect(said()).toEqual([]);
  FakeSocket.last.letBackIn('b', { epoch: 'e', offset: 2, recovered: true });
  await resumed(room('a'), room('b'));
  expect(FakeSocket.last.sent.map(({ data }) => data)).toEqual([1]);
});

test('of more rooms than an address can hold the rest is asked for one by one', async () => {
  const names = Array.from({ length: 300 }, (_, n) => `room_${n}`);
  await join(...names);
  await cut();
  expect(FakeSocket.last.url.searchParams.get('resume')?.length).toBeLessThanOrEqual(4000);
  const named = Object.keys(FakeSocket.last.cursor.rooms ?? {});
  expect(named.length).toBeGreaterThan(50);
  await greet();
  for (const name of named) FakeSocket.last.letBackIn(name, { epoch: 'e', offset: 9, recovered: true });
  expect(said()).toEqual([]);
  await resumed(...named.map(room));
  const rest = names.filter((name) => !named.includes(name));
  expect(said()).toEqual(rest.map((name) => `join_room ${name}`));
  expect(FakeSocket.last.sent.at(-1)).toMatchObject({ room: 'room_299', since: { epoch: 'e', offset: 300 } });
});

test('a room joined meanwhile, before or after the greeting, is asked for when the others are back', async () => {
  await join('a');
  await cut();
  void client.joinRoom('early');
  await greet();
  void client.joinRoom('late');
  expect(said()).toEqual([]);
  FakeSocket.last.letBackIn('a', { epoch: 'e', offset: 1, recovered: true });
  await resumed(room('a'));
  expect(said()).toEqual(['join_room early', 'join_room late']);
  FakeSocket.last.letIn();
  expect(states('early', 'late')).toEqual(['joining', 'joined']);
});

test('a room joined anew while away is asked for with its place', async () => {
  await join('a');
  FakeSocket.last.end();
  const joined = client.joinRoom('a');
  await pass(500);
  expect(FakeSocket.last.cursor).toEqual({ personal: { epoch: 'p', offset: 10 }, rooms: {}, presence: [] });
  await greet();
  expect(FakeSocket.last.asked('join_room')).toMatchObject({ room: 'a', since: { epoch: 'e', offset: 1 } });
  FakeSocket.last.letIn({ epoch: 'e', offset: 1, recovered: true });
  await joined;
});

test('a name that was never let in is not in the cursor, which a bad one would spoil', async () => {
  await join('a');
  FakeSocket.last.end();
  const bad = expect(client.joinRoom('not a name')).rejects.toMatchObject({ code: 'invalid_request' });
  await pass(500);
  expect(FakeSocket.last.cursor.rooms).toEqual({ a: 'e:1' });
  await greet();
  await resumed(room('a'));
  FakeSocket.last.answer('join_room', { type: 'error', code: 'invalid_request', message: 'no' });
  await bad;
});

test.each(['before', 'after'])(
  'a room left %s the greeting is left, and what still comes of it is not heard',
  async (when) => {
    await join('a', 'b');
    await cut();
    if (when === 'before') void client.leaveRoom('a');
    await greet();
    if (when === 'after') void client.leaveRoom('a');
    FakeSocket.last.letBackIn('a', { epoch: 'e', offset: 2, recovered: true });
    entry('a', 2);
    FakeSocket.last.letBackIn('b', { epoch: 'e', offset: 2, recovered: true });
    await resumed(room('a'), room('b'));
    expect([...new Set(said())]).toEqual(['leave_room a']);
    FakeSocket.last.say({ type: 'left_room', data: { room: 'a' } });
    expect(heard).toEqual(['b room_joined']);
    expect(states('a', 'b')).toEqual(['idle', 'joined']);
  },
);

test('a room left and joined meanwhile begins where the join says', async () => {
  await join('a');
  await cut();
  const room_a = client.room('a');
  void room_a.leave();
  const joined = room_a.join({ since: 'e:0' });
  await greet();
  FakeSocket.last.letBackIn('a', { epoch: 'e', offset: 2, recovered: true });
  entry('a', 2);
  await resumed(room('a'));
  expect(said()).toEqual(['leave_room a', 'join_room a']);
  FakeSocket.last.say({ type: 'left_room', data: { room: 'a' } });
  expect(FakeSocket.last.asked('join_room').since).toEqual({ epoch: 'e', offset: 0 });
  FakeSocket.last.letIn({ epoch: 'e', offset: 2, recovered: true });
  await joined;
  for (const offset of [1, 2]) entry('a', offset);
  expect(heard).toEqual(['a room_joined', 'a x 1', 'a x 2']);
});

test('a room left and joined while away is a fresh one', async () => {
  await join('a');
  FakeSocket.last.end();
  void client.leaveRoom('a');
  const joined = client.joinRoom('a');
  await pass(500);
  await greet();
  expect(FakeSocket.last.asked('join_room')).not.toHaveProperty('since');
  FakeSocket.last.letIn({ epoch: 'e', offset: 5 });
  await joined;
  entry('a', 6);
  expect(heard).toEqual(['a room_joined', 'a x 6']);
});

test('join({ since }) of a room that has a place keeps it', async () => {
  await join('a');
  await cut();
  void client.room('a').join({ since: 'z:9' });
  await greet();
  FakeSocket.last.letBackIn('a', { epoch: 'e', offset: 2, recovered: true });
  entry('a', 2);
  expect(client.room('a').position).toBe('e:2');
});

test('a server that did not take the cursor is asked for each room', async () => {
  await join('a', 'b');
  client.presence.watch({ users: ['bob'] }, () => {});
  await cut();
  void client.send('x', 1, { room: 'a' });
  await greet({ recovered: false });
  expect(said()).toEqual(['join_room a', 'join_room b', 'get_presence undefined']);
  expect(FakeSocket.last.sent[0]).toMatchObject({ since: { epoch: 'e', offset: 1 } });
  for (const { id, room } of FakeSocket.last.sent.filter(({ type }) => type === 'join_room')) {
    const data = { room, epoch: 'e', offset: 2, recovered: true, members: [], member_count: 1 };
    FakeSocket.last.say({ type: 'joined_room', reply_to: id, data });
  }
  await pass();
  expect(said().slice(3)).toEqual(['publish a']);
  // It did, but kept quiet about it: that changes nothing any more.
  await resumed(refused('a', 'forbidden'));
  expect(states('a', 'b')).toEqual(['joined', 'joined']);
  expect(said()).toHaveLength(4);
});

test('who is watched is named, and known without being asked about', async () => {
  const seen: string[] = [];
  const note = ({ user, status }: Presence) => seen.push(`${user} ${status}`);
  client.presence.watch({ users: ['bob', 'eve'] }, note);
  client.presence.watch({ users: ['bob', 'zoe'] }, note);
  client.presence.watch({ room: 'a' }, note);
  await cut();
  expect(FakeSocket.last.cursor.presence).toEqual(['bob', 'eve', 'zoe']);
  await greet();
  // The server knows of two: who watches another one asks.
  const items = ['bob', 'eve'].map((user) => ({ user, status: 'online', last_seen: null, connections: 1 }));
  await resumed({ part: 'presence', items });
  expect(seen).toEqual(['bob online', 'eve online']);
  expect(FakeSocket.last.sent).toMatchObject([{ type: 'get_presence', users: ['bob', 'zoe'] }]);
});

test('what goes to roles and to everyone goes on where it was, each by itself', async () => {
  const at = (everyone: number, admin: number) => ({
    personal: { epoch: 'p', offset: 10 },
    broadcasts: { everyone: { epoch: 'e', offset: everyone }, 'role:admin': { epoch: 'r', offset: admin } },
  });
  const send = (to: string, offset: number) =>
    FakeSocket.last.entry({ type: `${to} ${offset}`, broadcast: { to, offset } });
  FakeSocket.last.end();
  await pass(500);
  FakeSocket.last.greet({ resume: asCursor(at(4, 1)), recovered: true });
  for (const offset of [5, 5, 6]) send('everyone', offset);
  send('role:admin', 2);
  // Another's, which it does not know the beginning of.
  for (const offset of [1, 1]) send('role:new', offset);
  expect(heard).toEqual(['everyone 5', 'everyone 6', 'role:admin 2', 'role:new 1', 'role:new 1']);
  await cut();
  expect(FakeSocket.last.cursor).toMatchObject(at(6, 2));
  heard = [];
  FakeSocket.last.greet({
    resume: asCursor(at(1, 2)),
    recovered: false,
    lost: { reason: 'epoch', oldest: 1 },
  });
  for (const offset of [1, 2]) send('everyone', offset);
  expect(heard).toEqual(['history_lost', 'everyone 2']);
});

test('without a place in the user’s own room there is no cursor', async () => {
  const { client } = await connectedClient();
  const joined = client.joinRoom('a');
  FakeSocket.last.letIn({ epoch: 'e', offset: 1 });
  await joined;
  await cut();
  expect(FakeSocket.last.url.search).toBe('');
  FakeSocket.last.greet();
  expect(FakeSocket.last.asked('join_room').since).toEqual({ epoch: 'e', offset: 1 });
});

test('after disconnect() and connect() the rooms come back by cursor, too', async () => {
  await join('a');
  client.disconnect();
  void client.connect();
  await pass();
  expect(FakeSocket.last.cursor.rooms).toEqual({ a: 'e:1' });
  await greet();
  FakeSocket.last.letBackIn('a', { epoch: 'e', offset: 1, recovered: true });
  await resumed(room('a'));
  expect(client.room('a').state).toBe('joined');
  expect(FakeSocket.last.sent).toEqual([]);
});

test('another user comes back to the rooms', async () => {
  await join('a');
  await cut();
  await greet({ user: 'bob', resume: 'b:3', recovered: false, lost: { reason: 'epoch', oldest: 1 } });
  await resumed(refused('a', 'forbidden'));
  expect(changes.at(-1)).toMatchObject({ status: 'connected', recovered: undefined });
  expect(heard).toEqual(['a room_denied']);
});

test('a url function that ends after its attempt does not disturb the connection there is', async () => {
  client.disconnect();
  const settle: ((url: string) => void)[] = [];
  const url = () => new Promise<string>((resolve) => settle.push(resolve));
  const made = testClient({ url, timeout: 3000 });
  void made.client.connect();
  await pass(3500);
  settle[1]?.('ws://in.time');
  await pass();
  FakeSocket.last.greet({ resume: 'p:10' });
  const joined = made.client.joinRoom('a');
  FakeSocket.last.letIn();
  await joined;
  settle[0]?.('ws://late');
  await pass();
  void made.client.joinRoom('b');
  expect(said()).toEqual(['join_room a', 'join_room b']);
});
