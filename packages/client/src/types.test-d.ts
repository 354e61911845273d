import { assertType, expectTypeOf, test } from 'vitest';
import {
  type Ack,
  type ClientOptions,
  createClient,
  type DataOf,
  type Event,
  type EventName,
  type Handler,
  type Room,
  type Status,
  type TidingsClient,
  TidingsError,
  type Unsubscribe,
} from './index.js';

declare module './types.js' {
  interface Events {
    'ticket.created': { id: number; title: string };
    'ticket.closed': { id: number };
  }
}

const client = {} as TidingsClient;

test('a known event has its data, an unknown one any', () => {
  expectTypeOf<DataOf<'ticket.created'>>().toEqualTypeOf<{ id: number; title: string }>();
  expectTypeOf<DataOf<'whatever'>>().toBeAny();
  expectTypeOf<Event<'ticket.closed'>['data']>().toEqualTypeOf<{ id: number }>();
  expectTypeOf<'ticket.created'>().toExtend<EventName>();
  expectTypeOf<string>().toExtend<EventName>();
});

test('what the client itself tells has its data', () => {
  client.on('room_joined', ({ data }) => {
    expectTypeOf(data.recovered).toEqualTypeOf<boolean>();
    expectTypeOf(data.offset).toEqualTypeOf<number | undefined>();
    expectTypeOf(data.members[0]?.user).toEqualTypeOf<string | undefined>();
  });
  client.on('room_denied', ({ data }) => {
    expectTypeOf(data).toEqualTypeOf<{ code: string; message: string }>();
  });
  client.on('history_lost', ({ data }) => expectTypeOf(data).toEqualTypeOf<null>());
});

test('handlers take the whole event', () => {
  client.on('ticket.created', (event) => {
    expectTypeOf(event.type).toEqualTypeOf<'ticket.created'>();
    expectTypeOf(event.data.title).toEqualTypeOf<string>();
    expectTypeOf(event.offset).toEqualTypeOf<number | undefined>();
    // @ts-expect-error there is no such field
    event.data.nothing;
  });
  client.on('something.else', (event) => expectTypeOf(event.data).toBeAny());
  client.on('*', (event) => expectTypeOf(event.id).toEqualTypeOf<string>());
  expectTypeOf(
    client.on('x', () => {}, { room: 'r', signal: AbortSignal.abort() }),
  ).toEqualTypeOf<Unsubscribe>();
  const handler: Handler<'ticket.closed'> = ({ data }) => data.id;
  client.on('ticket.closed', handler);
  client.off('ticket.closed', handler);
  // @ts-expect-error a handler of another event
  client.on('ticket.closed', (({ data }) => data.title) as Handler<'ticket.created'>);
});

test('sending knows the data, too', () => {
  expectTypeOf(client.send('ticket.closed', { id: 1 }, { room: 'tickets' })).toEqualTypeOf<Promise<Ack>>();
  // @ts-expect-error id is a number
  client.send('ticket.closed', { id: 'one' });
  // @ts-expect-error the room's send has its room already
  client.room('tickets').send('ticket.closed', { id: 1 }, { room: 'other' });
  assertType<Promise<Ack>>(client.send({ command: 'custom_action', data: {} }));
  assertType<Promise<Ack>>(client.send({ type: 'ping' }));
});

test('options, statuses, errors', () => {
  assertType<TidingsClient>(createClient());
  assertType<ClientOptions>({
    url: async () => '/v1/ws',
    token: async () => null,
    reconnect: false,
    queue: false,
  });
  // @ts-expect-error not a type of client
  assertType<ClientOptions>({ clientType: 'toaster' });
  expectTypeOf<Status>().toEqualTypeOf<
    'disconnected' | 'connecting' | 'connected' | 'reconnecting' | 'error'
  >();
  expectTypeOf<Room['state']>().toEqualTypeOf<'idle' | 'joining' | 'joined' | 'denied'>();
  expectTypeOf(new TidingsError('timeout')).toExtend<Error & { code: string; retryable: boolean }>();
  // @ts-expect-error statuses are read only
  client.status = 'connected';
});
