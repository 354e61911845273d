import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { toError } from './requests.js';
import { connectedClient, FakeSocket, pass, testClient } from './testing/fake-socket.js';
import * as frames from './testing/frames.gen.js';
import type { Event } from './types.js';
import { isEntry, type ServerMessage } from './wire.js';

// The frames are the server's own examples: what the client says must look like them, and it must take all of them.

const all = Object.entries(frames) as [string, { type: string }][];
const ofKind = (kind: string) => all.filter(([name]) => name.startsWith(kind));

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test.each([...ofKind('entry'), ...ofKind('error'), ...ofKind('reply')])('%s is told apart', (name, frame) => {
  expect(isEntry(frame as ServerMessage)).toBe(name.startsWith('entry'));
});

test.each(ofKind('entry'))('%s reaches the application as it is', async (_, frame) => {
  const { client } = await connectedClient();
  const heard: Event[] = [];
  client.on(frame.type, (event) => heard.push(event));
  FakeSocket.last.say(frame);
  expect(heard).toEqual([frame]);
});

test.each(ofKind('error'))('%s becomes an error with a status', (_, frame) => {
  const message = frame as typeof frames.errorForbidden;
  const error = toError(message);
  expect(error).toMatchObject({ code: message.code, status: expect.any(Number) });
  expect(error.detail).toContain(message.message);
});

test('what the client says', async () => {
  const { client } = await connectedClient();
  const id = expect.anything();
  const said = (type: string) => FakeSocket.last.asked(type);
  client.setToken(frames.clientRefreshToken.token);
  expect(said('refresh_token')).toEqual({ ...frames.clientRefreshToken, id });
  void client.room('order_123').join({ since: 'k3xw9q2a:41' });
  expect(said('join_room')).toEqual({ ...frames.clientJoinRoom, id });
  FakeSocket.last.answer('join_room', frames.replyJoinedRoom);
  client.room('order_123').typing();
  expect(said('typing_start')).toEqual(frames.clientTypingStart);
  client.room('order_123').typing(false);
  expect(said('typing_stop')).toEqual(frames.clientTypingStop);
  void client.room('order_123').members();
  expect(said('get_presence')).toEqual({ ...frames.clientGetPresenceRoom, id });
  void client.presence.get(['ada', 'grace']);
  expect(said('get_presence')).toEqual({ ...frames.clientGetPresenceUsers, id });
  client.presence.set('away', { mood: 'lunch' });
  expect(said('presence')).toEqual(frames.clientPresence);
  const { room, event, data } = frames.clientPublish;
  void client.send(event, data, { room });
  expect(said('publish')).toEqual({ ...frames.clientPublish, id });
  void client.leaveRoom('order_123').catch(() => {});
  expect(said('leave_room')).toEqual({ ...frames.clientLeaveRoom, id });
});

test('what the server answers', async () => {
  const { client } = testClient();
  void client.connect();
  await pass();
  FakeSocket.last.say(frames.replyConnectionEstablished);
  await pass();
  expect(client.connectionId).toBe(frames.replyConnectionEstablished.connection_id);

  const joined = client.joinRoom('order_123');
  FakeSocket.last.answer('join_room', frames.replyJoinedRoom);
  expect((await joined).state).toBe('joined');

  const quiet = client.joinRoom('lobby');
  FakeSocket.last.answer('join_room', frames.replyJoinedRoomKeepsNothing);
  expect((await quiet).position).toBeNull();

  const sent = client.send('x', 1, { room: 'order_123' });
  FakeSocket.last.answer('publish', frames.replyPublished);
  expect(await sent).toEqual({ id: frames.replyPublished.entry_id, offset: 42 });

  const asked = client.presence.get(['ada', 'grace']);
  FakeSocket.last.answer('get_presence', frames.replyPresenceState);
  expect(await asked).toEqual([
    {
      user: 'ada',
      status: 'online',
      lastSeen: '2026-11-21T06:00:00.123Z',
      devices: 2,
      data: { mood: 'busy' },
    },
    { user: 'grace', status: 'offline', lastSeen: null, devices: 0 },
  ]);

  const left = client.leaveRoom('order_123');
  FakeSocket.last.answer('leave_room', frames.replyLeftRoom);
  await left;
  FakeSocket.last.say(frames.replyPong);
  FakeSocket.last.say(frames.replyGoodbye);
  expect(client.status).toBe('connected');
});
