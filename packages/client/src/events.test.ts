import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { connectedClient, FakeSocket } from './testing/fake-socket.js';
import type { TidingsClient } from './types.js';

let client: TidingsClient;
const debug = vi.fn();

beforeEach(async () => {
  vi.useFakeTimers();
  ({ client } = await connectedClient({ debug }));
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  debug.mockReset();
});

test('hands over the whole event', () => {
  const seen = vi.fn();
  client.on('ticket.created', seen);
  const event = {
    type: 'ticket.created',
    id: 'e1',
    room: 'tickets',
    offset: 42,
    from: 'ada',
    time: '2026-11-21T06:00:00.123Z',
    data: { id: 7 },
  };
  FakeSocket.last.say(event);
  FakeSocket.last.entry({ type: 'ticket.closed' });
  expect(seen.mock.calls).toEqual([[event]]);
});

test('* hears everything, a room only its own', () => {
  const all = vi.fn();
  const own = vi.fn();
  const viaRoom = vi.fn();
  client.on('*', all);
  client.on('x', own, { room: 'a' });
  client.room('a').on('*', viaRoom);
  for (const room of ['a', 'b', undefined]) FakeSocket.last.entry({ type: 'x', room });
  expect(all).toHaveBeenCalledTimes(3);
  expect(own).toHaveBeenCalledOnce();
  expect(viaRoom).toHaveBeenCalledOnce();
});

test('unsubscribing, off and an abort take a handler off', () => {
  const [one, two, three, four] = [vi.fn(), vi.fn(), vi.fn(), vi.fn()];
  const abort = new AbortController();
  const stop = client.on('x', one);
  client.on('x', two);
  client.on('x', three, { signal: abort.signal });
  client.on('x', four, { signal: AbortSignal.abort() });
  stop();
  stop();
  client.off('x', two);
  abort.abort();
  FakeSocket.last.entry({ type: 'x' });
  for (const handler of [one, two, three, four]) expect(handler).not.toHaveBeenCalled();
  client.on('x', one);
  client.on('x', two);
  client.off('x');
  FakeSocket.last.entry({ type: 'x' });
  expect(one).not.toHaveBeenCalled();
});

test('a handler that throws does not break the others, and is reported', () => {
  const reported = vi.fn();
  vi.stubGlobal('reportError', reported);
  const error = new Error('mine');
  const next = vi.fn();
  client.on('x', () => {
    throw error;
  });
  client.on('x', next);
  FakeSocket.last.entry({ type: 'x' });
  expect(next).toHaveBeenCalledOnce();
  expect(reported).toHaveBeenCalledWith(error);
  expect(debug).toHaveBeenCalledWith('error', 'a handler threw', { error });
});

test('a handler may take another one off, or add one, while it is called', () => {
  const late = vi.fn();
  const gone = vi.fn();
  let stop = () => {};
  client.on('x', () => {
    stop();
    client.on('x', late);
  });
  stop = client.on('x', gone);
  FakeSocket.last.entry({ type: 'x' });
  expect(gone).not.toHaveBeenCalled();
  expect(late).not.toHaveBeenCalled();
});

test('a status handler that throws does not break the connection', () => {
  vi.stubGlobal('reportError', vi.fn());
  const next = vi.fn();
  client.onStatus(() => {
    throw new Error('mine');
  });
  const stop = client.onStatus(next);
  client.disconnect();
  expect(next).toHaveBeenCalledOnce();
  stop();
});
