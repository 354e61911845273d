import { h } from './dom.js';

const NAMES = ['sent', 'received', 'recovered', 'reconnected'] as const;
type Name = (typeof NAMES)[number];

/** What a pane has counted since it was opened. */
export class Counters {
  readonly element: HTMLElement = h('dl', { class: 'counters' });
  readonly #shown = new Map<Name, HTMLElement>();

  constructor() {
    for (const name of NAMES) {
      const count = h('dd', { 'data-testid': `count-${name}` }, '0');
      this.#shown.set(name, count);
      this.element.append(h('div', {}, h('dt', {}, name), count));
    }
  }

  add(name: Name): void {
    const shown = this.#shown.get(name);
    if (shown) shown.textContent = `${Number(shown.textContent) + 1}`;
  }
}
