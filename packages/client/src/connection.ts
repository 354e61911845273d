import { address } from './address.js';
import { backoff } from './backoff.js';
import { closeAction } from './close.js';
import { type Deferred, defer } from './deferred.js';
import { TidingsError } from './error.js';
import { Heartbeat } from './heartbeat.js';
import { toError } from './requests.js';
import { type Status, type StatusInput, transition } from './status.js';
import type { ClientOptions, DebugLevel, StatusChange } from './types.js';
import { type Greeting, isEntry, type ServerMessage } from './wire.js';

/** A connection that held this long was a good one: failures are counted afresh after it. In milliseconds. */
const STABLE = 5_000;

/** What the connection tells the rest of the client. */
export interface ConnectionEvents {
  /** What to add to the address of the next attempt. */
  query(): Record<string, string | undefined>;
  /** Let in; returns whether what was missed follows, undefined on a first connection. */
  greeted(greeting: Greeting): boolean | undefined;
  message(message: ServerMessage): void;
  /** Gone; with an error, for good. */
  lost(error?: TidingsError): void;
  status(change: StatusChange): void;
  log(level: DebugLevel, message: string, context?: object): void;
}

/** One socket at a time, and what happens between two of them. */
export class Connection {
  status: Status = 'disconnected';
  error: TidingsError | null = null;
  /** The token the current or coming connection was opened with. */
  token: string | null = null;

  readonly #options: ClientOptions;
  readonly #on: ConnectionEvents;
  readonly #heartbeat: Heartbeat;
  #socket: WebSocket | undefined;
  /** Counts sockets: what was begun for an earlier one and ends late is ignored. */
  #generation = 0;
  /** Attempts in a row that did not lead to a good connection. */
  #failures = 0;
  /** When the server greeted on this socket; 0 before that. */
  #greeted = 0;
  /** The token function was already asked again because of 4001. */
  #asked = false;
  /** When the server said to come back; 0 when it did not. */
  #comeback = 0;
  /** The last error of the whole connection that the server told. */
  #told: TidingsError | undefined;
  #ready: Deferred | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #deadline: ReturnType<typeof setTimeout> | undefined;

  constructor(options: ClientOptions, on: ConnectionEvents) {
    this.#options = options;
    this.#on = on;
    this.#heartbeat = new Heartbeat(
      () => this.send('{"type":"ping"}'),
      () => this.#gone('silent'),
    );
  }

  /** The server has greeted on the socket we have. */
  get live(): boolean {
    return this.#greeted > 0;
  }

  /** Sends a text; throws `unavailable` when there is no live connection. */
  send(text: string): void {
    if (!this.live) throw new TidingsError('unavailable', { detail: 'not connected' });
    this.#socket?.send(text);
  }

  connect(): Promise<void> {
    if (this.live) return Promise.resolve();
    this.#ready ??= defer();
    const { promise } = this.#ready;
    if (transition(this.status, 'start')) {
      this.#failures = 0;
      this.#asked = false;
      this.error = null;
      this.#listen('addEventListener');
      this.#move('start', {});
      void this.#open();
    }
    return promise;
  }

  reconnect(): Promise<void> {
    if (!transition(this.status, 'start')) {
      this.#failures = 0;
      this.#again(0, { reason: 'reconnect' });
    }
    return this.connect();
  }

  disconnect(): void {
    if (transition(this.status, 'stop')) this.#end('stop', { reason: 'disconnect' });
  }

  async #open(): Promise<void> {
    this.#drop();
    if (!transition(this.status, 'greeted')) return;
    const generation = this.#generation;
    // For the whole attempt: the application's callbacks may hang as well as the network.
    this.#deadline = setTimeout(() => this.#gone('timeout'), this.#options.timeout);
    const { token, url, WebSocket = globalThis.WebSocket } = this.#options;
    try {
      const current = typeof token === 'function' ? await token() : (token ?? null);
      const target = typeof url === 'function' ? await url() : url;
      if (generation !== this.#generation) return;
      this.token = current;
      this.#attach(WebSocket, target, ['tidings.v1', ...(current ? [`tidings.token.${current}`] : [])]);
    } catch (e) {
      if (generation !== this.#generation) return;
      const error =
        e instanceof TidingsError
          ? e
          : new TidingsError('unavailable', { detail: `not opened: ${e}`, cause: e });
      if (!error.retryable) return this.#end('failed', { reason: error.message, error });
      this.#told = error;
      this.#gone(error.message);
    }
  }

  #attach(Socket: typeof WebSocket, target: string | undefined, protocols: string[]): void {
    let socket: WebSocket;
    try {
      socket = new Socket(address(target, this.#on.query()), protocols);
    } catch (cause) {
      // An address, a token or a page that can never work, or nothing to open it with: trying again would not help.
      throw new TidingsError('unsupported', { detail: `not opened: ${cause}`, cause });
    }
    this.#socket = socket;
    socket.onmessage = ({ data }) => {
      this.#heartbeat.heard();
      try {
        this.#receive(JSON.parse(data));
      } catch (error) {
        this.#on.log('error', 'message not understood', { error, data });
      }
    };
    socket.onclose = ({ code, reason }) => this.#gone(reason || 'closed', code);
    // A close always follows; without a handler, `ws` would throw.
    socket.onerror = () => {};
  }

  #receive(message: ServerMessage): void {
    // Only an error right before the close explains it.
    this.#told = undefined;
    if (!isEntry(message)) {
      if (message.type === 'connection_established') return this.#greet(message);
      if (message.type === 'error' && message.reply_to === undefined) this.#told = toError(message);
      if (message.type === 'goodbye') {
        const wait = message.retry_after_ms + Math.random() * message.spread_ms;
        this.#comeback = Date.now() + wait;
        // The close frame may never come.
        clearTimeout(this.#deadline);
        this.#deadline = setTimeout(() => this.#gone('goodbye'), wait);
      }
    }
    this.#on.message(message);
  }

  #greet(greeting: Greeting): void {
    clearTimeout(this.#deadline);
    this.#greeted = Date.now();
    this.#heartbeat.start(greeting.ping_interval);
    const ready = this.#ready;
    this.#ready = undefined;
    const recovered = this.#on.greeted(greeting);
    this.#move('greeted', { recovered });
    ready?.resolve();
  }

  /** The socket is gone, or shall be: decides whether and when to come back. `code` is 0 where there was no close. */
  #gone(reason: string, code = 0): void {
    const { reconnect, token } = this.#options;
    const error = this.#told;
    if (this.live && Date.now() - this.#greeted >= STABLE) {
      this.#failures = 0;
      this.#asked = false;
    }
    const action = closeAction(code);
    const change = { reason, code: code || undefined, error };
    if (action === 'stop' && !this.#comeback) return this.#end('stop', change);
    const fresh = action === 'token' && typeof token === 'function' && !this.#asked;
    const refused = action === 'final' || (action === 'token' && !fresh);
    const { minDelay = 1000, maxDelay = 30_000, maxAttempts = Infinity } = reconnect || {};
    if (refused || reconnect === false || this.#failures >= maxAttempts) {
      const why = refused ? (code < 4003 ? 'unauthorized' : 'forbidden') : 'unavailable';
      change.error ??= new TidingsError(why, { detail: reason });
      return this.#end('failed', change);
    }
    let wait = backoff(this.#failures, minDelay, maxDelay);
    if (this.#comeback) wait = Math.max(0, this.#comeback - Date.now());
    // "At once" holds for the first time: a server that keeps saying it must not be hammered.
    if (fresh || (action === 'now' && !this.#failures)) wait = 0;
    this.#asked ||= fresh;
    this.#failures++;
    this.#again(wait, change);
  }

  /** Lets go of the socket and makes the next attempt after `wait` milliseconds. */
  #again(wait: number, change: Partial<StatusChange>): void {
    this.#drop();
    this.#on.lost();
    this.#retry = setTimeout(() => this.#open(), wait);
    this.#move('lost', { ...change, retryIn: wait, attempt: this.#failures });
  }

  #end(input: StatusInput, change: Partial<StatusChange>): void {
    const error = change.error ?? new TidingsError('closed', { detail: change.reason });
    const ready = this.#ready;
    this.#ready = undefined;
    this.#drop();
    this.#listen('removeEventListener');
    this.error = input === 'failed' ? error : null;
    this.#on.lost(error);
    this.#move(input, change);
    ready?.reject(error);
  }

  /** Forgets the socket and everything that was timed for it. */
  #drop(): void {
    this.#generation++;
    clearTimeout(this.#retry);
    clearTimeout(this.#deadline);
    this.#retry = undefined;
    this.#heartbeat.stop();
    this.#greeted = this.#comeback = 0;
    this.#told = undefined;
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket) {
      socket.onmessage = socket.onclose = null;
      socket.close(1000);
    }
  }

  #move(input: StatusInput, change: Partial<StatusChange>): void {
    const previous = this.status;
    const status = transition(previous, input);
    if (!status) return;
    this.status = status;
    this.#on.log('info', `${previous} -> ${status}`, change);
    this.#on.status({ ...change, status, previous });
  }

  readonly #wake = (): void => {
    if (globalThis.document?.visibilityState === 'hidden') return;
    if (this.live) this.#heartbeat.probe();
    else if (this.#retry) void this.#open();
  };

  #listen(how: 'addEventListener' | 'removeEventListener'): void {
    globalThis[how]?.('online', this.#wake);
    globalThis.document?.[how]('visibilitychange', this.#wake);
  }
}
