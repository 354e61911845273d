import { vi } from 'vitest';
import { createClient } from '../client.js';
import type { ClientOptions, StatusChange, TidingsClient } from '../types.js';
import type { ResumeCursor } from '../wire.js';

type Message = Record<string, unknown>;

function joinedRoom(room: unknown, more: Message): Message {
  return { type: 'joined_room', data: { room, recovered: false, members: [], member_count: 1, ...more } };
}

/** As the server writes it. */
export function asCursor(cursor: ResumeCursor): string {
  return Buffer.from(JSON.stringify(cursor)).toString('base64url');
}

/** A WebSocket whose server is the test. */
export class FakeSocket {
  static all: FakeSocket[] = [];
  static get last(): FakeSocket {
    return FakeSocket.all.at(-1) as FakeSocket;
  }

  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  onerror: (() => void) | null = null;
  closed: number | undefined;
  readonly sent: Message[] = [];

  readonly url: URL;
  readonly protocols: string[];

  constructor(url: string, protocols: string[]) {
    this.url = new URL(url);
    this.protocols = protocols;
    FakeSocket.all.push(this);
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  close(code?: number): void {
    this.closed = code;
  }

  /** The server says this. */
  say(message: Message): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }

  /** Greets; where `resume` is `<epoch>:<offset>`, with the cursor of that place in the user's own room. */
  greet(more: Message = {}): void {
    const [epoch, offset] = `${more.resume ?? ''}`.split(':');
    if (epoch && offset)
      more = { ...more, resume: asCursor({ personal: { epoch, offset: Number(offset) } }) };
    this.say({
      type: 'connection_established',
      connection_id: `c${FakeSocket.all.length}`,
      user: 'ada',
      server_time: new Date().toISOString(),
      ping_interval: 25_000,
      ...more,
    });
    // As the server does, at once where there is nothing to bring back.
    const { rooms = {}, presence = [] } = this.cursor;
    const taken = more.recovered || more.lost;
    if (taken && !Object.keys(rooms).length && !presence.length) this.resumed();
  }

  /** The server ends the connection; 1006: it just broke. */
  end(code = 1006, reason = ''): void {
    this.onclose?.({ code, reason });
  }

  /** What the client sent last of this type. */
  asked(type: string): Message {
    const found = this.sent.filter((message) => message.type === type).at(-1);
    if (!found) throw new Error(`no ${type} among ${JSON.stringify(this.sent)}`);
    return found;
  }

  /** Answers the last command of this type. */
  answer(type: string, reply: Message): void {
    this.say({ ...reply, reply_to: this.asked(type).id });
  }

  /** Lets the client into the room it asked for last. */
  letIn(more: Message = {}): void {
    this.answer('join_room', joinedRoom(this.asked('join_room').room, more));
  }

  /** Lets the client into a room that it named in its cursor. */
  letBackIn(room: string, more: Message = {}): void {
    this.say(joinedRoom(room, more));
  }

  /** Says what became of the cursor: what `letBackIn` did, and these parts. */
  resumed(...parts: Message[]): void {
    this.say({ type: 'resumed', parts });
  }

  /** The cursor the client brought; with nothing in it where it brought none. */
  get cursor(): Omit<ResumeCursor, 'rooms'> & { rooms?: Record<string, string | null> } {
    return JSON.parse(this.url.searchParams.get('resume') ?? '{}');
  }

  entry(more: Message): void {
    this.say({ id: crypto.randomUUID(), time: '2026-11-21T06:00:00.123Z', data: null, ...more });
  }
}

/** Lets promises settle and due timers (0 ms by default) fire. */
export async function pass(ms = 0): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
}

/** A client on fake sockets that notes its status changes. Fake timers must be on. */
export function testClient(options: ClientOptions = {}): { client: TidingsClient; changes: StatusChange[] } {
  FakeSocket.all = [];
  const client = createClient({ url: 'ws://tidings.test', WebSocket: FakeSocket, ...options });
  const changes: StatusChange[] = [];
  client.onStatus((change) => changes.push(change));
  return { client, changes };
}

/** The same, connected. */
export async function connectedClient(
  options: ClientOptions = {},
  greeting: Message = {},
): Promise<{ client: TidingsClient; changes: StatusChange[] }> {
  const made = testClient(options);
  const connected = made.client.connect();
  await pass();
  FakeSocket.last.greet(greeting);
  await connected;
  await pass();
  return made;
}
