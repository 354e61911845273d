import { Connection } from './connection.js';
import { formatCursor } from './cursor.js';
import { decode } from './decode.js';
import { TidingsError } from './error.js';
import { type Call, Events } from './events.js';
import type { Link } from './link.js';
import { PresenceBoard } from './presence.js';
import { Queue } from './queue.js';
import { Requests } from './requests.js';
import { LiveRoom } from './rooms.js';
import { transition } from './status.js';
import { ExpiryTimer, tokenExpiry } from './token.js';
import type {
  Ack,
  ClientOptions,
  DebugLevel,
  Event,
  SendOptions,
  StatusChange,
  TidingsClient,
} from './types.js';
import {
  type Authenticated,
  type Greeting,
  isEntry,
  type Published,
  type Refusal,
  type ResumeCursor,
  type ResumedPart,
  type ServerMessage,
} from './wire.js';

/** A message as the application made it. */
type RawMessage = { type?: string; [field: string]: unknown };

/** Commands the server does not answer. */
const UNANSWERED = /^(presence|typing_start|typing_stop)$/;

/**
 * Makes a client. It connects by itself in a browser; elsewhere, call `connect()`.
 *
 * ```ts
 * const client = createClient({ url: 'https://live.example.com', token: () => fetchToken() });
 * await client.joinRoom('orders');
 * client.on('order_created', (event) => console.log(event.data));
 * ```
 */
export function createClient(given: ClientOptions = {}): TidingsClient {
  const options = { timeout: 10_000, ...given };
  const { timeout, debug } = options;
  const statusHandlers = new Set<(change: StatusChange) => void>();
  const expiry = new ExpiryTimer();
  let connectionId: string | null = null;
  let userId: string | null = null;
  /** Where we are in what every connection follows: the user's own room, what goes to roles and to everyone. */
  let cursor: ResumeCursor | undefined;
  /** The server was given the cursor, and has not said yet what became of it. */
  let resuming = false;
  /** How far the server's clock is ahead of ours, in milliseconds. */
  let skew = 0;

  const log = (level: DebugLevel, message: string, context?: object) => {
    if (typeof debug === 'function') debug(level, message, context);
    else if (debug) console[level](`[tidings] ${message}`, context ?? '');
  };
  const call: Call = (handler, value) => {
    try {
      handler(value);
    } catch (error) {
      log('error', 'a handler threw', { error });
      (globalThis.reportError ?? console.error)(error);
    }
  };

  const connection = new Connection(options, {
    query() {
      resuming = !!cursor;
      return {
        client_type: options.clientType,
        client_version: options.clientVersion,
        device_id: options.deviceId,
        resume: cursor && formatCursor(cursor, rooms.values(), presence.watched),
      };
    },
    greeted,
    message,
    lost,
    status: (change) => {
      for (const handler of [...statusHandlers]) call(handler, change);
    },
    log,
  });
  const requests = new Requests((text) => connection.send(text));
  const link: Link = {
    get live() {
      return connection.live && !resuming;
    },
    ask: async (command) => {
      const id = requests.id();
      return requests.send(id, JSON.stringify({ ...command, id }), timeout);
    },
    tell(command) {
      if (connection.live) connection.send(JSON.stringify(command));
    },
  };
  const queue = options.queue === false ? undefined : new Queue(options.queue);
  const events = new Events(call);
  const rooms = new Map<string, LiveRoom>();
  const presence = new PresenceBoard(link, call);

  /** The room of this name, always the same. */
  function room(name: string): LiveRoom {
    const room = rooms.get(name) ?? new LiveRoom(name, link, events, send);
    rooms.set(name, room);
    return room;
  }

  function greeted(greeting: Greeting): boolean | undefined {
    const { user } = greeting;
    // Another user's position says nothing about ours.
    const recovered = cursor && userId === user ? greeting.recovered : undefined;
    connectionId = greeting.connection_id;
    userId = user;
    skew = Date.parse(greeting.server_time) - Date.now() || 0;
    // It names the place that we gave where what was missed follows.
    cursor = decode(greeting.resume);
    if (recovered === false) events.tell('history_lost', null);
    arm(tokenExpiry(connection.token));
    // A server that says neither did not understand the cursor.
    if (!(resuming && (greeting.recovered || greeting.lost))) rejoin([]);
    return recovered;
  }

  /** Joins what the server did not join by the cursor, but for what it refused in `parts`; then sends what waited for that. */
  function rejoin(parts: ResumedPart[]): void {
    const current = connectionId;
    resuming = false;
    const entered = [...rooms.values()].map((room) =>
      room.enter(
        parts.find((part) => part.part === 'refused' && part.room === room.name) as Refusal | undefined,
      ),
    );
    presence.ready(parts.flatMap((part) => (part.part === 'presence' ? part.items : [])));
    void Promise.all(entered).then(() => {
      // The connection may have gone while the rooms were joined.
      if (connectionId === current) void queue?.flush();
    });
  }

  function message(message: ServerMessage): void {
    if (isEntry(message)) {
      const { room, broadcast } = message;
      const { offset } = broadcast ?? message;
      const place = broadcast ? cursor?.broadcasts?.[broadcast.to] : cursor?.personal;
      if (room !== undefined) {
        if (rooms.get(room)?.accept(message) === false) return;
      } else if (place && offset !== undefined) {
        if (offset <= place.offset) return;
        place.offset = offset;
      }
      presence.accept(message);
      events.emit(message as Event);
      return;
    }
    if (message.type === 'joined_room') {
      room(message.data.room).joined(message.data, message.reply_to !== undefined);
      presence.joined(message.data.room);
    } else if (message.type === 'left_room') room(message.data.room).left(message.data.because);
    else if (message.type === 'resumed' && resuming) rejoin(message.parts);
    requests.settle(message);
    if (message.type === 'error') log('warn', message.message, message);
  }

  function lost(error?: TidingsError): void {
    connectionId = null;
    expiry.clear();
    requests.lost(new TidingsError('unavailable', { detail: 'not connected' }));
    for (const room of rooms.values()) room.lost(error);
    queue?.lost(error);
  }

  /** Gets the next token from the token function shortly before this one ends. */
  function arm(end: number | undefined): void {
    const source = options.token;
    if (typeof source !== 'function') return;
    const armed = connectionId;
    expiry.set(end, skew, async () => {
      try {
        const next = await source();
        // A later connection came with a token of its own.
        if (next && armed === connectionId) await renew(next);
      } catch (error) {
        log('warn', 'token not refreshed', { error });
        if (armed === connectionId) arm(end);
      }
    });
  }

  async function renew(token: string): Promise<void> {
    const { expires_at } = (await link.ask({ type: 'refresh_token', token })) as Authenticated;
    connection.token = token;
    arm(expires_at ? Date.parse(expires_at) : tokenExpiry(token));
  }

  function send(what: string | RawMessage, data?: unknown, how: SendOptions = {}): Promise<Ack> {
    const { room } = how;
    const command: RawMessage & { type: string } =
      typeof what !== 'string'
        ? { ...what, type: what.type ?? 'command' }
        : room === undefined
          ? { type: 'command', command: what, data }
          : { type: 'publish', room, event: what, data };
    const { ack = true, queue: patient = true } = how;
    const line = patient && queue;
    return new Promise((resolve, reject) => {
      const id = requests.id();
      const text = JSON.stringify({ ...command, id });
      const go = async () => {
        const answer = UNANSWERED.test(command.type)
          ? connection.send(text)
          : requests.send(id, text, how.timeout ?? timeout);
        // The queue hears the answer all the same.
        if (!ack) resolve({ id: `${id}` });
        const { entry_id, offset } = ((await answer) ?? {}) as Partial<Published>;
        resolve({ id: entry_id ?? `${id}`, ...(offset !== undefined && { offset }) });
      };
      if (connection.error) reject(connection.error);
      else if (line && !line.idle) line.add(text, go, reject);
      else go().catch(reject);
    });
  }

  const client: TidingsClient = {
    get status() {
      return connection.status;
    },
    get isConnected() {
      return connection.live;
    },
    get connectionId() {
      return connectionId;
    },
    get userId() {
      return userId;
    },
    get error() {
      return connection.error;
    },
    presence,
    connect: () => connection.connect(),
    disconnect: () => connection.disconnect(),
    reconnect: () => connection.reconnect(),
    setToken(token) {
      if (typeof options.token !== 'function') options.token = token ?? undefined;
      const again = () => {
        connection.reconnect().catch(() => {});
      };
      if (connection.live && token) {
        // One that is refused here is tried in the open, where its refusal ends in the status `error`.
        renew(token).catch((error: TidingsError) => {
          if (!error.retryable) again();
        });
      } else if (transition(connection.status, 'lost')) again();
    },
    on: (type, handler, how) => events.on(type, handler, how),
    off: (type, handler) => events.off(type, handler),
    onStatus(handler) {
      statusHandlers.add(handler);
      return () => {
        statusHandlers.delete(handler);
      };
    },
    send: send as TidingsClient['send'],
    room,
    joinRoom: (name) =>
      room(name)
        .join()
        .then(() => room(name)),
    leaveRoom: (name) => room(name).leave(),
  };

  if (options.autoConnect ?? typeof window !== 'undefined') connection.connect().catch(() => {});
  return client;
}
