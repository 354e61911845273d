import type { Event } from '@tidings/client';
import { h } from './dom.js';
import { highlight } from './highlight.js';
import { json } from './literal.js';
import { avatar, displayName } from './person.js';

/** More than this are not shown; the oldest go first. */
const SHOWN_MAX = 200;

/** Nearer to the end than this counts as being there, in pixels. */
const NEAR = 120;

/** Data that fits into so many letters stays on one line. */
const LINE = 40;

const TIME = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium', hourCycle: 'h23' });

/** The text of data that is nothing but one, `{"text": …}`. */
export function plainText(data: unknown): string | undefined {
  if (typeof data === 'string') return data;
  if (typeof data !== 'object' || data === null) return undefined;
  const { text, ...others } = data as { text?: unknown };
  return typeof text === 'string' && Object.keys(others).length === 0 ? text : undefined;
}

/** What has arrived, the newest last. */
export class Feed {
  readonly element: HTMLElement;
  readonly #list: HTMLElement = h('ol');

  constructor(name: string) {
    // Whoever moves by keyboard must be able to scroll it.
    const attributes = { class: 'feed', 'data-testid': 'feed', role: 'log', 'aria-label': name, tabindex: 0 };
    this.element = h('div', attributes, this.#list);
    this.clear();
  }

  clear(): void {
    this.#list.replaceChildren(
      h('li', { class: 'empty' }, 'Nothing yet. Say something below, or publish as your back end.'),
    );
  }

  add(event: Event, { recovered, own }: { recovered: boolean; own: boolean }): void {
    const { id, type, from, time, offset, data } = event;
    const text = plainText(data);
    this.#list.querySelector('.empty')?.remove();
    const body =
      text === undefined
        ? h('pre', {}, ...highlight(json(data, LINE), 'json'))
        : h('p', { class: 'text' }, text);
    this.#append(
      h(
        'li',
        {
          class: `entry${own ? ' own' : ''}`,
          'data-testid': 'entry',
          'data-entry-id': id,
          'data-type': type,
          'data-offset': offset,
          'data-recovered': `${recovered}`,
        },
        avatar(from),
        h(
          'div',
          { class: 'what' },
          h(
            'p',
            { class: 'line' },
            h('b', {}, from === undefined ? 'Back end' : displayName(from)),
            h('code', { class: 'type' }, type),
            h(
              'span',
              { class: `badge ${recovered ? 'recovered' : 'live'}` },
              recovered ? 'recovered' : 'live',
            ),
            h('time', { datetime: time }, TIME.format(new Date(time))),
            offset === undefined
              ? ''
              : h('span', { class: 'offset', title: 'Its place in the room’s log' }, `#${offset}`),
          ),
          body,
        ),
      ),
    );
  }

  /** A line about what happened, between the entries. */
  note(text: string): void {
    const item = h('li', { class: 'note' }, text);
    const empty = this.#list.querySelector('.empty');
    if (empty) empty.before(item);
    else this.#append(item);
  }

  #append(item: HTMLElement): void {
    const { element } = this;
    const follow = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR;
    this.#list.append(item);
    while (this.#list.childElementCount > SHOWN_MAX) this.#list.firstElementChild?.remove();
    if (follow) element.scrollTop = element.scrollHeight;
  }
}
