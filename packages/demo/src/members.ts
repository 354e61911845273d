import type { Member, PresenceStatus } from '@tidings/client';
import { h } from './dom.js';
import { avatar, displayName } from './person.js';

/** Who is in a room, and who has just gone offline. */
export class Members {
  readonly element: HTMLElement = h('ul', {
    class: 'members',
    'data-testid': 'members',
    'aria-label': 'Members',
  });
  readonly #self: string;
  #people = new Map<string, PresenceStatus>();
  #count: number | undefined;

  constructor(self: string) {
    this.#self = self;
  }

  /** What the server says when it is asked: whoever it does not name is not here. */
  replace(members: Member[]): void {
    const gone = [...this.#people].filter(([, status]) => status === 'offline');
    this.#people = new Map([...gone, ...members.map(({ user, status }) => [user, status] as const)]);
    this.#draw();
  }

  /** Someone joined, or is otherwise than before. */
  set(user: string, status: PresenceStatus): void {
    this.#people.set(user, status);
    this.#draw();
  }

  /** Someone who was here is otherwise than before; whoever is in other rooms only does not count. */
  change(user: string, status: PresenceStatus): void {
    if (this.#people.has(user)) this.set(user, status);
  }

  /** Someone left: whoever is still online is in another room now. */
  left(user: string, status: PresenceStatus): void {
    if (status === 'offline') return this.change(user, status);
    this.#people.delete(user);
    this.#draw();
  }

  /** How many there are, in a room too full to name them. */
  count(count: number): void {
    this.#count = count;
    this.#draw();
  }

  clear(): void {
    this.#people.clear();
    this.#count = undefined;
    this.#draw();
  }

  #draw(): void {
    const people = [...this.#people].sort(([a], [b]) => a.localeCompare(b));
    const more = this.#count === undefined ? [] : [h('li', {}, `${this.#count} people`)];
    this.element.replaceChildren(...people.map(([user, status]) => this.#person(user, status)), ...more);
  }

  #person(user: string, status: PresenceStatus): HTMLElement {
    const name = user === this.#self ? `${displayName(user)} (you)` : displayName(user);
    return h(
      'li',
      { class: 'member', 'data-testid': `member-${user}`, 'data-status': status },
      h('span', { class: 'face' }, avatar(user), h('span', { class: 'dot' })),
      h('span', { class: 'name' }, name),
      h('span', { class: 'how' }, status),
    );
  }
}
