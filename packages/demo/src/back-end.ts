import { h, newId } from './dom.js';
import { json } from './literal.js';
import { SAMPLES } from './samples.js';
import type { Session } from './session.js';

/** What the form asks of the page. */
export interface BackEndActions {
  /** A session with a key that still opens. */
  renew(): Promise<Session>;
  /** What would be published now. */
  changed(room: string, published: { type: string; data: unknown }): void;
  published(): void;
}

/** Publishes as a back end would: with the API key, over HTTP. Never do so in a page of your own. */
export class BackEnd {
  readonly element: HTMLElement;
  readonly #actions: BackEndActions;
  readonly #room: HTMLSelectElement;
  readonly #type: HTMLSelectElement;
  readonly #data: HTMLTextAreaElement;
  readonly #answer: HTMLElement = h('output', { class: 'answer', 'data-testid': 'publish-answer' });
  #session: Session | undefined;
  #count = 0;

  constructor(actions: BackEndActions) {
    this.#actions = actions;
    const [title, room, type, data] = [newId('title'), newId('room'), newId('type'), newId('data')];
    this.#room = h('select', { id: room, 'data-testid': 'publish-room' });
    this.#type = h(
      'select',
      { id: type, 'data-testid': 'publish-type' },
      ...Object.keys(SAMPLES).map(option),
    );
    this.#data = h('textarea', { id: data, rows: 3, spellcheck: 'false', 'data-testid': 'publish-data' });
    const form = h(
      'form',
      {},
      h('div', { class: 'field' }, h('label', { for: room }, 'Room'), this.#room),
      h('div', { class: 'field' }, h('label', { for: type }, 'Event'), this.#type),
      h('div', { class: 'field wide' }, h('label', { for: data }, 'Data'), this.#data),
      h(
        'div',
        { class: 'end' },
        h('button', { class: 'button', 'data-testid': 'publish' }, 'Publish as back end'),
        this.#answer,
      ),
    );
    this.element = h(
      'section',
      { class: 'card back-end-card', 'aria-labelledby': title, 'data-testid': 'back-end' },
      h('h2', { id: title }, 'Your back end'),
      form,
    );
    this.#type.addEventListener('change', () => this.#sample());
    for (const input of [this.#room, this.#data]) input.addEventListener('input', () => this.#changed());
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#publish();
    });
  }

  /** The server's newest keys and rooms. */
  use(session: Session): void {
    const first = this.#session === undefined;
    this.#session = session;
    const rooms = session.rooms.map(option);
    const chosen = this.#room.value;
    this.#room.replaceChildren(...rooms);
    if (session.rooms.includes(chosen)) this.#room.value = chosen;
    if (first) this.#sample();
  }

  /** The room that the people look at. */
  follow(room: string): void {
    if (this.#session?.rooms.includes(room)) this.#room.value = room;
    this.#changed();
  }

  #sample(): void {
    this.#data.value = json(SAMPLES[this.#type.value]?.(this.#count), Infinity);
    this.#changed();
  }

  #read(): unknown {
    return JSON.parse(this.#data.value);
  }

  #changed(): void {
    this.#data.setCustomValidity('');
    try {
      this.#actions.changed(this.#room.value, { type: this.#type.value, data: this.#read() });
    } catch {
      this.#data.setCustomValidity('This is not JSON yet.');
    }
  }

  async #publish(): Promise<void> {
    this.#actions.published();
    const [room, type, data] = [this.#room.value, this.#type.value, this.#read()];
    const body = JSON.stringify({ to: { room }, type, data });
    try {
      let response = await this.#post(body, this.#session ?? (await this.#actions.renew()));
      // A restarted server has other keys.
      if (response.status === 401) response = await this.#post(body, await this.#actions.renew());
      const answer = await response.json();
      this.#say(
        response.ok
          ? `${response.status}: taken${answer.offset ? ` as #${answer.offset}` : ''}, reached ${people(answer.reached.users)}`
          : `${response.status}: ${answer.detail}`,
        response.ok,
      );
      if (!response.ok) return;
      this.#count++;
      this.#sample();
    } catch {
      this.#say('The server is away. Try again in a moment.', false);
    }
  }

  #post(body: string, session: Session): Promise<Response> {
    const headers = { Authorization: `Bearer ${session.api_key}`, 'Content-Type': 'application/json' };
    // The path only: the page may have been opened under another name of this machine.
    return fetch(new URL(session.publish_url).pathname, { method: 'POST', headers, body });
  }

  #say(text: string, good: boolean): void {
    this.#answer.textContent = text;
    this.#answer.dataset.good = `${good}`;
  }
}

function option(name: string): HTMLOptionElement {
  return h('option', { value: name }, name);
}

function people(count: number): string {
  return count === 1 ? '1 person' : `${count} people`;
}
