import { h } from './dom.js';
import { displayName } from './person.js';

/** The sentence for those who type. */
export function typingText(users: string[]): string {
  const names = users.map(displayName);
  if (names.length === 0) return '';
  if (names.length === 1) return `${names[0]} is typing…`;
  if (names.length > 3) return 'Several people are typing…';
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)} are typing…`;
}

/** The line that says who types. */
export class Typing {
  readonly element: HTMLElement = h('p', { class: 'typing', 'data-testid': 'typing', 'aria-live': 'polite' });
  readonly #users = new Set<string>();

  set(user: string, typing: boolean): void {
    this.#users[typing ? 'add' : 'delete'](user);
    this.#draw();
  }

  clear(): void {
    this.#users.clear();
    this.#draw();
  }

  #draw(): void {
    this.element.textContent = typingText([...this.#users]);
  }
}
