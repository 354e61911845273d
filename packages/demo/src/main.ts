import { BackEnd } from './back-end.js';
import { CodePanel } from './code-panel.js';
import { h, icon } from './dom.js';
import { Pane } from './pane.js';
import { displayName } from './person.js';
import { loadSession, type Session } from './session.js';

/** Who is shown when the address names nobody. */
const PEOPLE = ['ada', 'grace'];

const asked = new URLSearchParams(location.search).get('user');
const people = asked ? [asked] : PEOPLE;

const code = new CodePanel({
  publishUrl: `${location.origin}/v1/publish`,
  apiKey: '',
  token: '',
  room: '',
  published: { type: 'note', data: {} },
  sent: { type: 'message', data: { text: 'Hello' } },
  position: 'epoch:0',
});

const backEnd = new BackEnd({
  renew: async () => {
    const session = await loadSession(people[0] as string);
    use(session);
    return session;
  },
  changed: (room, published) => code.fill({ room, published }),
  published: () => code.show('publish'),
});

function use(session: Session): void {
  const { publish_url: publishUrl, api_key: apiKey, token, user } = session;
  backEnd.use(session);
  code.fill(user === people[0] ? { publishUrl, apiKey, token } : { publishUrl, apiKey });
}

const panes = people.map(
  (user) =>
    new Pane(user, {
      session: use,
      room: (name) => backEnd.follow(name),
      showCode: () => code.element.scrollIntoView({ block: 'nearest' }),
      act: (action, values) => {
        code.fill(values);
        code.show(action);
      },
    }),
);

/** The way to the others: each person in a window of their own. */
function windows(): (Node | string)[] {
  const others = asked ? PEOPLE.filter((user) => user !== asked) : PEOPLE;
  const links = others.flatMap((user, index) => [
    index ? ' and ' : '',
    h('a', { href: `/?user=${user}`, target: '_blank' }, displayName(user), icon('window')),
  ]);
  return ['Open ', ...links, asked ? ' in another window.' : ' in windows of their own.'];
}

document.querySelector('#who')?.append(...windows());
const main = document.querySelector('#demo') as HTMLElement;
main.className = asked ? 'one' : 'two';
main.append(...panes.map((pane) => pane.element), backEnd.element, code.element);
document.querySelector('#both')?.toggleAttribute('hidden', !asked);
