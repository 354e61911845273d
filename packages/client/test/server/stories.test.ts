import { expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import type { Event, Presence, StatusChange } from '../../src/index.js';
import { connected, mint, newClient, reached, startServer, wireTo } from './harness.js';

/** Waits for what the server does in its own time. */
const soon = (check: () => void, timeout = 5000) => vi.waitFor(check, { timeout, interval: 10 });

test('connects and is greeted', async () => {
  const { url } = await startServer();
  const client = await connected(url, 'ada', { clientType: 'server', clientVersion: '1', deviceId: 'd' });
  expect(client).toMatchObject({ status: 'connected', isConnected: true, userId: 'ada', error: null });
  expect(client.connectionId).toMatch(/^[\w-]{8,}$/);
  client.disconnect();
  expect(client).toMatchObject({ status: 'disconnected', connectionId: null });
});

test('two clients in one room hear what a back end publishes', async () => {
  const server = await startServer();
  const heard: Event[] = [];
  for (const user of ['ada', 'bob']) {
    const client = await connected(server.url, user);
    const room = await client.joinRoom('orders');
    room.on('order_created', (event) => heard.push(event));
  }
  await server.publish({ room: 'orders' }, 'order_created', { id: 7 });
  await soon(() => expect(heard).toHaveLength(2));
  expect(heard[0]).toEqual(heard[1]);
  expect(heard[0]).toMatchObject({ type: 'order_created', room: 'orders', data: { id: 7 } });
  expect(heard[0]).not.toHaveProperty('from');
});

test('a send is answered with the entry that the others hear', async () => {
  const { url } = await startServer();
  const ada = await connected(url, 'ada');
  const bob = await connected(url, 'bob');
  const heard: Event[] = [];
  (await bob.joinRoom('channel_general')).on('note', (event) => heard.push(event));
  const ack = await (await ada.joinRoom('channel_general')).send('note', { text: 'hello' });
  await soon(() => expect(heard).toHaveLength(1));
  expect(heard[0]).toMatchObject({ id: ack.id, from: 'ada', data: { text: 'hello' } });
  expect(heard[0]?.offset).toBe(ack.offset);
});

test('a room of others is forbidden', async () => {
  const { url } = await startServer();
  const eve = await connected(url, 'eve');
  const room = eve.room('user_ada_bob');
  await expect(room.join()).rejects.toMatchObject({
    name: 'TidingsError',
    code: 'forbidden',
    status: 403,
    retryable: false,
  });
  expect(room.state).toBe('denied');
  expect(eve.status).toBe('connected');
});

test('a server killed and started again on the same port is found again, and history is told lost', async () => {
  const server = await startServer();
  const client = await connected(server.url, 'ada');
  const room = await client.joinRoom('orders');
  const kept = room.position !== null;
  const heard: Event[] = [];
  room.on('*', (event) => heard.push(event));
  await server.kill();
  await reached(client, 'reconnecting');
  await server.restart();
  await reached(client, 'connected');
  await soon(() => expect(room.state).toBe('joined'));
  await server.publish({ room: 'orders' }, 'x', 1);
  await soon(() => expect(heard.some(({ type }) => type === 'x')).toBe(true));
  // A server that remembers nothing is in another epoch.
  if (kept) expect(heard.some(({ type }) => type === 'history_lost')).toBe(true);
});

test('after a broken wire: exactly what was missed, in order, once', async () => {
  const server = await startServer();
  const wire = await wireTo(server.port);
  const client = await connected(wire.url, 'ada');
  const changes: StatusChange[] = [];
  client.onStatus((change) => changes.push(change));
  const room = await client.joinRoom('orders');
  expect(room.position, 'the room must keep entries for this story').not.toBeNull();
  const heard: Event[] = [];
  room.on('*', (event: Event) => /^(member_|room_joined$)/.test(event.type) || heard.push(event));
  const say = async (from: number, to: number) => {
    for (let n = from; n < to; n++) await server.publish({ room: 'orders' }, 'n', n);
  };
  let n = 0;
  for (let round = 1; round <= 3; round++) {
    await say(n, n + 10);
    // Cut while the last entries are on their way: some were heard, some were not.
    wire.cut();
    await reached(client, 'reconnecting');
    await say(n + 10, n + 30);
    wire.mend();
    n += 30;
    await reached(client, 'connected');
    await soon(() => expect(heard).toHaveLength(n));
  }
  await say(n, ++n);
  await soon(() => expect(heard).toHaveLength(n));
  expect(heard.map(({ data }) => data)).toEqual(Array.from({ length: n }, (_, index) => index));
  expect(changes.filter(({ status }) => status === 'connected')).toHaveLength(3);
});

test('fifty rooms come back with one request, each with exactly what it missed', async () => {
  const server = await startServer();
  const wire = await wireTo(server.port);
  /** What the client says on its connections, and where it opened the last one. */
  let said: string[] = [];
  let opened = '';
  class Overheard extends WebSocket {
    constructor(url: string, protocols: string[]) {
      super(url, protocols);
      opened = url;
    }
    override send(text: string): void {
      said.push(JSON.parse(text).type);
      super.send(text);
    }
  }
  const client = await connected(wire.url, 'ada', { WebSocket: Overheard });
  const names = Array.from({ length: 50 }, (_, n) => `channel_${n}`);
  await Promise.all(names.map((name) => client.joinRoom(name)));
  const heard = new Map(names.map((name) => [name, [] as unknown[]]));
  client.on('n', ({ room, data }) => heard.get(room as string)?.push(data));
  // The first entry goes to all rooms, the second to all but one, and so on.
  const say = async (from: number, to: number) => {
    for (let n = from; n < to; n++) await server.publish({ rooms: names.slice(n) }, 'n', n);
  };
  const expected = (to: number) =>
    names.map((_, n) => Array.from({ length: Math.min(n + 1, to) }, (_, i) => i));
  await say(0, 10);
  await soon(() => expect([...heard.values()]).toEqual(expected(10)));
  wire.cut();
  await reached(client, 'reconnecting');
  await say(10, 40);
  said = [];
  wire.mend();
  await soon(() => expect([...heard.values()]).toEqual(expected(40)));
  await say(40, 50);
  await soon(() => expect([...heard.values()]).toEqual(expected(50)));
  expect(new URL(opened).searchParams.get('resume')?.length).toBeLessThan(4000);
  expect(said).toEqual([]);
});

test('more rooms than an address can hold come back, too', async () => {
  const server = await startServer({
    TIDINGS_LIMITS_ROOMS_PER_CONNECTION: '150',
    TIDINGS_LIMITS_MESSAGES_PER_MINUTE: '0',
  });
  const wire = await wireTo(server.port);
  const client = await connected(wire.url, 'ada');
  const names = Array.from({ length: 150 }, (_, n) => `channel_${n}`);
  await Promise.all(names.map((name) => client.joinRoom(name)));
  const heard: (string | undefined)[] = [];
  client.on('n', ({ room }) => heard.push(room));
  wire.cut();
  await reached(client, 'reconnecting');
  await server.publish({ rooms: names }, 'n');
  wire.mend();
  await soon(() => expect(names.map((name) => client.room(name).state)).toEqual(names.map(() => 'joined')));
  await server.publish({ rooms: names }, 'n');
  await soon(() => expect([...heard].sort()).toEqual([...names, ...names].sort()));
});

test('a room that was lost meanwhile is denied, and the others come back', async () => {
  const server = await startServer();
  const wire = await wireTo(server.port);
  const client = await connected(wire.url, 'ada');
  const member = (method: string) => server.call(method, '/v1/rooms/order_7/members/ada');
  await member('PUT');
  await Promise.all(['order_7', 'orders'].map((name) => client.joinRoom(name)));
  const heard: string[] = [];
  client.on('*', ({ room, type }: Event) => heard.push(`${room} ${type}`));
  wire.cut();
  await reached(client, 'reconnecting');
  await member('DELETE');
  await server.publish({ room: 'orders' }, 'n');
  wire.mend();
  await soon(() => expect(heard).toContain('order_7 room_denied'));
  expect(heard).toContain('orders n');
  expect(['order_7', 'orders'].map((name) => client.room(name).state)).toEqual(['denied', 'joined']);
});

test('what was sent to the user while away follows, too', async () => {
  const server = await startServer();
  const wire = await wireTo(server.port);
  const client = await connected(wire.url, 'ada');
  const heard: unknown[] = [];
  client.on('*', (event: Event) => heard.push(event.type === 'mine' ? event.data : event.type));
  await server.publish({ user: 'ada' }, 'mine', 1);
  await soon(() => expect(heard).toEqual([1]));
  wire.cut();
  await reached(client, 'reconnecting');
  await server.publish({ user: 'ada' }, 'mine', 2);
  await server.publish({ user: 'ada' }, 'mine', 3);
  const recovered = new Promise((resolve) =>
    client.onStatus((change) => change.status === 'connected' && resolve(change.recovered)),
  );
  wire.mend();
  expect(await recovered).toBe(true);
  await soon(() => expect(heard).toEqual([1, 2, 3]));
});

test('what was sent offline arrives after the reconnect, in order', async () => {
  const server = await startServer();
  const wire = await wireTo(server.port);
  const ada = await connected(wire.url, 'ada');
  const room = await ada.joinRoom('channel_general');
  const bob = await connected(server.url, 'bob');
  const heard: unknown[] = [];
  (await bob.joinRoom('channel_general')).on('n', ({ data }) => heard.push(data));
  wire.cut();
  await reached(ada, 'reconnecting');
  const sent = [1, 2, 3].map((n) => room.send('n', n));
  wire.mend();
  expect(await Promise.all(sent)).toHaveLength(3);
  await soon(() => expect(heard).toEqual([1, 2, 3]));
});

test('a full queue outlives a restart and the server’s rate limit: all taken, in order, once', async () => {
  const server = await startServer();
  const wire = await wireTo(server.port);
  const ada = await connected(wire.url, 'ada');
  const room = await ada.joinRoom('channel_general');
  await server.kill();
  await reached(ada, 'reconnecting');
  // Nothing of this was sent before, and the connection holds while it is: so exactly once can be expected here.
  const numbers = Array.from({ length: 100 }, (_, n) => n);
  const sent = numbers.map((n) => room.send('n', n));
  // Bob first, so that he hears all of it.
  wire.cut();
  await server.restart();
  const bob = await connected(server.url, 'bob');
  const heard: Event[] = [];
  (await bob.joinRoom('channel_general')).on('n', (event) => heard.push(event));
  wire.mend();
  const acks = await Promise.all(sent);
  await soon(() => expect(heard).toHaveLength(100));
  expect(heard.map(({ data }) => data)).toEqual(numbers);
  expect(heard.map(({ id }) => id)).toEqual(acks.map(({ id }) => id));
});

test('a token about to end is refreshed over the living connection', async () => {
  const { url } = await startServer({ TIDINGS_AUTH_LEEWAY: '0s' });
  let minted = 0;
  const token = () => mint('ada', { exp: Math.floor(Date.now() / 1000) + (minted++ ? 3600 : 4) });
  const client = await connected(url, 'ada', { token });
  const { connectionId } = client;
  const debugged = vi.fn();
  client.onStatus(debugged);
  await soon(() => expect(minted).toBe(2), 10_000);
  // Past the first token's end, which without the refresh would have closed the connection.
  await new Promise((resolve) => setTimeout(resolve, 4000));
  expect(client.connectionId).toBe(connectionId);
  expect(debugged).not.toHaveBeenCalled();
});

test('a token that has ended asks for another, once', async () => {
  const { url } = await startServer();
  const ended = mint('ada', { exp: Math.floor(Date.now() / 1000) - 120 });
  const fresh = mint('ada');
  const token = vi.fn().mockReturnValueOnce(ended).mockReturnValue(fresh);
  const client = await connected(url, 'ada', { token });
  expect(token).toHaveBeenCalledTimes(2);
  expect(client.userId).toBe('ada');
  const hopeless = newClient(url, 'ada', { token: () => ended });
  await expect(hopeless.connect()).rejects.toMatchObject({ code: 'token_expired', status: 401 });
});

test('a wrong token ends in the status error, with close code 4001', async () => {
  const { url } = await startServer();
  const client = newClient(url, 'ada', {
    token: mint('ada', {}, 'another-secret-that-the-server-does-not-know'),
  });
  const changes: StatusChange[] = [];
  client.onStatus((change) => changes.push(change));
  await expect(client.connect()).rejects.toMatchObject({
    code: 'unauthorized',
    status: 401,
    retryable: false,
  });
  expect(client.status).toBe('error');
  expect(changes.at(-1)).toMatchObject({ status: 'error', code: 4001 });
});

test('one hears when the other goes', async () => {
  // No grace: the time between the last connection's end and "offline".
  const { url } = await startServer({ TIDINGS_LIVE_PRESENCE_GRACE: '0s' });
  const ada = await connected(url, 'ada');
  await ada.joinRoom('channel_general');
  const seen: Presence[] = [];
  ada.presence.watch({ room: 'channel_general' }, (presence) => seen.push(presence));
  const bob = await connected(url, 'bob');
  const room = await bob.joinRoom('channel_general');
  await soon(() => expect(seen).toContainEqual(expect.objectContaining({ user: 'bob', status: 'online' })));
  expect((await room.members()).map(({ user }) => user).sort()).toEqual(['ada', 'bob']);
  expect(await ada.presence.get('bob')).toMatchObject([{ user: 'bob', status: 'online' }]);
  bob.disconnect();
  const offline = expect.objectContaining({ user: 'bob', status: 'offline' });
  await soon(() => expect(seen).toContainEqual(offline), 15_000);
  expect(await ada.presence.get('bob')).toMatchObject([{ user: 'bob', status: 'offline' }]);
});

test('typing is seen by the others only', async () => {
  const { url } = await startServer();
  const ada = await connected(url, 'ada');
  const bob = await connected(url, 'bob');
  const heard: unknown[] = [];
  const own = vi.fn();
  (await bob.joinRoom('channel_general')).on('typing_indicator', ({ data }) => heard.push(data));
  const room = await ada.joinRoom('channel_general');
  room.on('typing_indicator', own);
  room.typing();
  room.typing();
  room.typing(false);
  await soon(() =>
    expect(heard).toEqual([
      { user: 'ada', typing: true },
      { user: 'ada', typing: false },
    ]),
  );
  const members = await bob.room('channel_general').members();
  expect(members.map(({ user, typing }) => [user, typing]).sort()).toEqual([
    ['ada', false],
    ['bob', false],
  ]);
  expect(own).not.toHaveBeenCalled();
});
