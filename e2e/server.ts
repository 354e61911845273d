// The real program, as a newcomer starts it.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const BINARY = process.env.TIDINGS_BIN ?? fileURLToPath(new URL('../target/debug/tidings', import.meta.url));

/** Settings of whoever runs the tests are not the server's; it would also refuse the variable above. */
const ENVIRONMENT = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !name.startsWith('TIDINGS_')),
);

export interface Server {
  /** `http://127.0.0.1:8000` */
  readonly url: string;
  /** All it has printed. */
  printed(): string;
  /** Ends it at once, as a crash would. */
  kill(): Promise<void>;
  /** Asks it to stop, as a deploy would. */
  stop(): Promise<number | null>;
}

/** The store of each port: a server that is started again on its port finds what it kept. */
const stores = new Map<number, string>();

/** Starts `tidings dev` on a port, 0 for any, and waits until it listens. */
export async function startServer(port = 0): Promise<Server> {
  const store = stores.get(port) ?? join(mkdtempSync(join(tmpdir(), 'tidings-e2e-')), 'tidings.db');
  const options = ['--server.listen', `127.0.0.1:${port}`, '--store.url', `sqlite:${store}`];
  const child = spawn(BINARY, ['dev', ...options], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: ENVIRONMENT,
  });
  let printed = '';
  const url = await new Promise<string>((resolve, reject) => {
    const failed = (why: string): void => reject(new Error(`tidings dev ${why}\n${printed}`));
    const timer = setTimeout(() => failed('did not listen within 20 s'), 20_000);
    const read = (chunk: Buffer): void => {
      printed += chunk.toString();
      const listening = /listening on (http:\/\/[0-9.:]+)/.exec(printed)?.[1];
      if (listening) {
        clearTimeout(timer);
        resolve(listening);
      }
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('error', (error) =>
      failed(`did not start (${error.message}); build it with: cargo build -p tidings`),
    );
    child.once('exit', (code) => failed(`ended with ${code}`));
  });
  stores.set(Number(new URL(url).port), store);
  return {
    url,
    printed: () => printed,
    kill: async () => void (await end(child, 'SIGKILL')),
    stop: () => end(child, 'SIGTERM'),
  };
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const exited = once(child, 'exit');
  child.kill(signal);
  await exited;
  return child.exitCode;
}
