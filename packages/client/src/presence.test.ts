import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { connectedClient, FakeSocket, pass } from './testing/fake-socket.js';
import type { Presence, TidingsClient } from './types.js';

let client: TidingsClient;

beforeEach(async () => {
  vi.useFakeTimers();
  ({ client } = await connectedClient());
});
afterEach(() => {
  vi.useRealTimers();
});

async function comeBack() {
  FakeSocket.last.end();
  await pass(30_000);
  FakeSocket.last.greet();
  await pass();
}

function state(...items: object[]) {
  FakeSocket.last.answer('get_presence', { type: 'presence_state', items });
  return pass();
}

function update(user_id: string, status: string, more: object = {}) {
  FakeSocket.last.entry({ type: 'presence_update', data: { user_id, status, last_seen: 't' }, ...more });
}

test('says how this user is, now and after a reconnect', async () => {
  client.presence.set('away', { mood: 'lunch' });
  const said = { type: 'presence', status: 'away', data: { mood: 'lunch' } };
  expect(FakeSocket.last.sent).toEqual([said]);
  await comeBack();
  expect(FakeSocket.last.sent).toEqual([said]);
});

test('asks how others are', async () => {
  const asked = client.presence.get('bob');
  expect(FakeSocket.last.asked('get_presence').users).toEqual(['bob']);
  await state({ user: 'bob', status: 'online', last_seen: null, connections: 2 });
  expect(await asked).toEqual([{ user: 'bob', status: 'online', lastSeen: null, devices: 2 }]);
});

test('rejects when offline', async () => {
  client.disconnect();
  await expect(client.presence.get('bob')).rejects.toMatchObject({ code: 'unavailable' });
});

test('watches users: how they are now, every change, and afresh after a reconnect', async () => {
  const seen: Presence[] = [];
  const stop = client.presence.watch({ users: ['bob'] }, (presence) => seen.push(presence));
  await state({ user: 'bob', status: 'online', last_seen: null });
  update('bob', 'offline');
  update('eve', 'online');
  expect(seen).toMatchObject([
    { user: 'bob', status: 'online', lastSeen: null },
    { user: 'bob', status: 'offline', lastSeen: 't' },
  ]);
  await comeBack();
  await state({ user: 'bob', status: 'away' });
  expect(seen).toHaveLength(3);
  stop();
  update('bob', 'online');
  expect(seen).toHaveLength(3);
});

test('watches a room: who is in it once it is joined, and who comes later', async () => {
  const seen: string[] = [];
  client.presence.watch({ room: 'r' }, ({ user, status }) => seen.push(`${user} ${status}`));
  FakeSocket.last.answer('get_presence', { type: 'error', code: 'forbidden', message: 'not in it' });
  await pass();
  void client.joinRoom('r');
  FakeSocket.last.letIn();
  await state({ user: 'ada', status: 'online' });
  FakeSocket.last.entry({
    type: 'member_joined',
    room: 'r',
    data: { user_id: 'bob', status: 'online', member_count: 2 },
  });
  FakeSocket.last.entry({
    type: 'member_joined',
    room: 'other',
    data: { user_id: 'eve', status: 'online', member_count: 1 },
  });
  update('bob', 'away');
  update('eve', 'away');
  FakeSocket.last.entry({
    type: 'member_left',
    room: 'r',
    data: { user_id: 'bob', status: 'away', member_count: 1 },
  });
  update('bob', 'offline');
  expect(seen).toEqual(['ada online', 'bob online', 'bob away', 'bob away', 'bob offline']);
});
