import { type ChildProcess, spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { existsSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { type ClientOptions, createClient, type Status, type TidingsClient } from '../../src/index.js';

const SECRET = 'a-secret-for-tests-of-at-least-32-bytes';
const API_KEY = 'an-api-key-for-tests-of-some-length';
const BINARY =
  process.env.TIDINGS_BIN ?? fileURLToPath(new URL('../../../../target/debug/tidings', import.meta.url));

/** How long the server may take to say that it listens, in milliseconds. */
const STARTUP = 15_000;

/** A server of this test's own, ended with it. */
export interface TestServer {
  port: number;
  url: string;
  /** kill -9; resolves when it is gone. */
  kill(): Promise<void>;
  /** Starts it again on the same port, with nothing in its memory. */
  restart(): Promise<void>;
  /** Calls the HTTP interface as a back end; throws unless it went well. */
  call(method: string, path: string, body?: object): Promise<void>;
  /** Publishes as a back end. */
  publish(to: object, type: string, data?: unknown): Promise<void>;
}

async function launch(
  listen: string,
  more: Record<string, string>,
): Promise<{ child: ChildProcess; port: number }> {
  if (!existsSync(BINARY)) {
    throw new Error(`no server at ${BINARY}: build it (cargo build -p tidings) or name it in TIDINGS_BIN`);
  }
  const child = spawn(BINARY, ['serve', '--server.listen', listen], {
    env: {
      PATH: process.env.PATH,
      TIDINGS_AUTH_JWT_SECRET: SECRET,
      TIDINGS_AUTH_API_KEYS: API_KEY,
      TIDINGS_STORE_URL: 'memory:',
      ...more,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  const port = await new Promise<number>((resolve, reject) => {
    const fail = (why: string) => {
      child.kill('SIGKILL');
      reject(new Error(`${BINARY} ${why}; it said:\n${said}`));
    };
    const timer = setTimeout(fail, STARTUP, `did not listen within ${STARTUP} ms`);
    const hear = (chunk: Buffer) => {
      said += chunk;
      const found = /listening on http:\/\/127\.0\.0\.1:(\d+)/.exec(said);
      if (!found) return;
      clearTimeout(timer);
      resolve(Number(found[1]));
    };
    child.stdout?.on('data', hear);
    child.stderr?.on('data', hear);
    child.once('error', (error) => fail(`did not start (${error.message})`));
    child.once('exit', (code) => {
      clearTimeout(timer);
      fail(`ended with ${code}`);
    });
  });
  return { child, port };
}

/** Starts a server with these settings beside the usual ones, by environment variable. */
export async function startServer(settings: Record<string, string> = {}): Promise<TestServer> {
  let { child, port } = await launch('127.0.0.1:0', settings);
  const server: TestServer = {
    port,
    url: `http://127.0.0.1:${port}`,
    kill: () =>
      new Promise((resolve) => {
        if (child.exitCode !== null || child.signalCode !== null) return resolve();
        child.once('exit', () => resolve());
        child.kill('SIGKILL');
      }),
    async restart() {
      await server.kill();
      ({ child } = await launch(`127.0.0.1:${port}`, settings));
    },
    async call(method, path, body) {
      const answer = await fetch(`${server.url}${path}`, {
        method,
        headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' },
        ...(body && { body: JSON.stringify(body) }),
      });
      if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    },
    publish: (to, type, data = null) => server.call('POST', '/v1/publish', { to, type, data }),
  };
  onTestFinished(() => server.kill());
  return server;
}

/** A token of the test server for `sub`; `exp` in seconds since 1970, an hour from now by default. */
export function mint(sub: string, claims: object = {}, secret: string = SECRET): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const now = Math.floor(Date.now() / 1000);
  const body = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub, iat: now, exp: now + 3600, ...claims })}`;
  return `${body}.${createHmac('sha256', secret).update(body).digest('base64url')}`;
}

/** A client that is disconnected with the test; of `user`, unless the options bring a token. */
export function newClient(url: string, user: string, options: ClientOptions = {}): TidingsClient {
  const client = createClient({
    url,
    token: mint(user),
    WebSocket,
    reconnect: { minDelay: 50, maxDelay: 500 },
    ...options,
  });
  onTestFinished(() => client.disconnect());
  return client;
}

/** The same, connected. */
export async function connected(
  url: string,
  user: string,
  options: ClientOptions = {},
): Promise<TidingsClient> {
  const client = newClient(url, user, options);
  await client.connect();
  return client;
}

/** Resolves when the client next has this status, or has it already. */
export function reached(client: TidingsClient, status: Status): Promise<void> {
  if (client.status === status) return Promise.resolve();
  return new Promise((resolve) => {
    const stop = client.onStatus((change) => {
      if (change.status !== status) return;
      stop();
      resolve();
    });
  });
}

/** A wire between client and server that can be cut without a word. */
export interface Wire {
  url: string;
  /** Breaks what is there and lets nothing new through. */
  cut(): void;
  /** Lets connections through again. */
  mend(): void;
}

/** Puts a wire before a port. */
export async function wireTo(port: number): Promise<Wire> {
  const open = new Set<Socket>();
  let whole = true;
  const relay: Server = createServer((near) => {
    if (!whole) return near.resetAndDestroy();
    const far = connect(port, '127.0.0.1');
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(one);
      one.pipe(other);
      one.on('error', () => {});
      one.on('close', () => {
        open.delete(one);
        other.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve));
  const cut = () => {
    whole = false;
    for (const socket of open) socket.resetAndDestroy();
  };
  onTestFinished(() => {
    cut();
    relay.close();
  });
  return {
    url: `http://127.0.0.1:${(relay.address() as { port: number }).port}`,
    cut,
    mend: () => {
      whole = true;
    },
  };
}
