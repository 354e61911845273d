import { javascript as js, python as py, shell as sh } from './literal.js';

/** What one can do on the page. */
export const ACTIONS = {
  publish: 'Publish',
  join: 'Join',
  send: 'Send',
  typing: 'Typing',
  presence: 'Presence',
  recover: 'Recover',
} as const;
export type Action = keyof typeof ACTIONS;

export const LANGUAGES = { curl: 'curl', python: 'Python', javascript: 'JavaScript' } as const;
export type Language = keyof typeof LANGUAGES;

/** What is filled in. */
export interface Values {
  publishUrl: string;
  apiKey: string;
  token: string;
  room: string;
  /** What the back end publishes. */
  published: { type: string; data: unknown };
  /** What the user sends. */
  sent: { type: string; data: unknown };
  /** Where the user is in the room, `epoch:offset`. */
  position: string;
}

/** The code that does an action. */
export function snippet(action: Action, language: Language, values: Values): string {
  return SNIPPETS[action][language](values);
}

/** What each action is good for, in a sentence. */
export const ABOUT: Record<Action, string> = {
  publish: 'Your back end tells everyone in a room, with one HTTP request.',
  join: 'A page follows a room and hears everything in it.',
  send: 'A user publishes into a room, where its rules let them.',
  typing: 'Say so on every keystroke; the others are told at most every 3 s.',
  presence: 'Who is there, and how one says “away”.',
  recover:
    'Join with the last place seen, and exactly what was missed follows. The JavaScript client does it by itself.',
};

/** Tells wscat to stay connected. */
const HOLD = -1;

type Snippets = Record<Language, (values: Values) => string>;

const base = ({ publishUrl }: Values): string => new URL(publishUrl).origin;
const socket = (values: Values): string => `${base(values).replace(/^http/, 'ws')}/v1/ws`;

/** curl cannot hold a conversation over a WebSocket; this sends the same messages from a terminal. */
function terminal(values: Values, wait: number, ...messages: object[]): string {
  const send = messages.map((message) => ` \\\n  -x ${sh(JSON.stringify(message))}`).join('');
  return `# curl does not talk over WebSockets; wscat does:
npx wscat -c ${sh(socket(values))} \\
  -H ${sh(`Authorization: Bearer ${values.token}`)} \\
  -w ${wait}${send}`;
}

function pythonSocket(values: Values, ...lines: string[]): string {
  return `# pip install websockets
import json
from websockets.sync.client import connect

url = ${py(socket(values))}
headers = {"Authorization": ${py(`Bearer ${values.token}`)}}

with connect(url, additional_headers=headers) as ws:
${lines.map((line) => `    ${line}`).join('\n')}`;
}

const pythonSend = (message: object): string => `ws.send(json.dumps(${py(message)}))`;
const PYTHON_LISTEN = ['for message in ws:', '    print(json.loads(message))'];

function client(values: Values, ...lines: string[]): string {
  return `// npm install @tidings/client
import { createClient } from '@tidings/client';

const client = createClient({
  url: ${js(base(values))},
  token: ${js(values.token)},
  autoConnect: true, // in Node, too
});
${lines.join('\n')}`;
}

const joinRoom = ({ room }: Values): string => `const room = await client.joinRoom(${js(room)});`;
const join = ({ room }: Values): object => ({ type: 'join_room', room });
const publication = ({ room, published: { type, data } }: Values): object => ({ to: { room }, type, data });

function since({ position }: Values): { epoch: string; offset: number } {
  const [epoch = '', offset] = position.split(':');
  return { epoch, offset: Number(offset ?? 0) };
}

const SNIPPETS: Record<Action, Snippets> = {
  publish: {
    curl: (values) => `curl ${values.publishUrl} \\
  -H ${sh(`Authorization: Bearer ${values.apiKey}`)} \\
  -H 'Content-Type: application/json' \\
  -d ${sh(JSON.stringify(publication(values)))}`,
    python: (values) => `# pip install requests
import requests

answer = requests.post(
    ${py(values.publishUrl)},
    headers={"Authorization": ${py(`Bearer ${values.apiKey}`)}},
    json=${py(publication(values))},
)
print(answer.status_code, answer.json())`,
    javascript: (values) => `const answer = await fetch(${js(values.publishUrl)}, {
  method: 'POST',
  headers: {
    Authorization: ${js(`Bearer ${values.apiKey}`)},
    'Content-Type': 'application/json',
  },
  body: JSON.stringify(${js(publication(values))}),
});
console.log(answer.status, await answer.json());`,
  },
  join: {
    curl: (values) => terminal(values, HOLD, join(values)),
    python: (values) => pythonSocket(values, pythonSend(join(values)), ...PYTHON_LISTEN),
    javascript: (values) =>
      client(
        values,
        joinRoom(values),
        "room.on('*', (event) => console.log(event.type, event.data));",
        'console.log(await room.members());',
      ),
  },
  send: {
    curl: (values) => terminal(values, 1, sendMessage(values)),
    python: (values) =>
      pythonSocket(values, 'ws.recv()  # the greeting', pythonSend(sendMessage(values)), 'print(ws.recv())'),
    javascript: (values) =>
      client(
        values,
        joinRoom(values),
        `const { offset } = await room.send(${js(values.sent.type)}, ${js(values.sent.data)});`,
        "console.log('the server has it, at', offset);",
      ),
  },
  typing: {
    curl: (values) => terminal(values, HOLD, join(values), { type: 'typing_start', room: values.room }),
    python: (values) =>
      pythonSocket(
        values,
        pythonSend(join(values)),
        pythonSend({ type: 'typing_start', room: values.room }),
        ...PYTHON_LISTEN,
      ),
    javascript: (values) =>
      client(
        values,
        joinRoom(values),
        "room.on('typing_indicator', ({ data }) => console.log(data.user, data.typing));",
        '// On every keystroke:',
        'room.typing();',
      ),
  },
  presence: {
    curl: (values) => `curl ${sh(`${base(values)}/v1/presence?room=${encodeURIComponent(values.room)}`)} \\
  -H ${sh(`Authorization: Bearer ${values.apiKey}`)}`,
    python: (values) => `# pip install requests
import requests

answer = requests.get(
    ${py(`${base(values)}/v1/presence`)},
    params=${py({ room: values.room })},
    headers={"Authorization": ${py(`Bearer ${values.apiKey}`)}},
)
for person in answer.json()["items"]:
    print(person["user"], person["status"])`,
    javascript: (values) =>
      client(
        values,
        joinRoom(values),
        `client.presence.watch({ room: ${js(values.room)} }, (person) => console.log(person.user, person.status));`,
        "client.presence.set('away');",
      ),
  },
  recover: {
    curl: (values) => terminal(values, HOLD, { ...join(values), since: since(values) }),
    python: (values) =>
      pythonSocket(values, pythonSend({ ...join(values), since: since(values) }), ...PYTHON_LISTEN),
    javascript: (values) =>
      client(
        values,
        joinRoom(values),
        '// After every loss, what was missed arrives here too, in order and once:',
        "room.on('*', (event) => console.log(event.offset, event.type));",
        "room.on('history_lost', () => console.log('load afresh'));",
        'client.onStatus(({ status, attempt }) => console.log(status, attempt));',
      ),
  },
};

function sendMessage({ room, sent: { type, data } }: Values): object {
  return { type: 'publish', room, event: type, data };
}
