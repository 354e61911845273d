import { h, icon, newId } from './dom.js';

/** What the composer asks of its pane. */
export interface ComposerActions {
  send(type: string, data: unknown): Promise<unknown>;
  typing(on: boolean): void;
}

/** JSON objects and lists are what they say; anything else is a text. */
export function readData(text: string): unknown {
  if (/^\s*[[{]/.test(text)) {
    try {
      return JSON.parse(text);
    } catch {
      // A text that begins like one.
    }
  }
  return { text };
}

/** Where a person writes. */
export class Composer {
  readonly element: HTMLFormElement;
  readonly #actions: ComposerActions;
  readonly #text: HTMLInputElement;
  readonly #type: HTMLInputElement;
  readonly #problem: HTMLElement = h('p', {
    class: 'problem',
    role: 'alert',
    'data-testid': 'composer-problem',
  });

  /** Shown while there is no connection: the client sends these when it is back. */
  readonly #waiting: HTMLElement = h('p', { class: 'waiting', 'data-testid': 'waiting' });
  #pending = 0;

  constructor(actions: ComposerActions) {
    this.#actions = actions;
    const [text, type] = [newId('text'), newId('type')];
    this.#type = h('input', {
      id: type,
      class: 'event-type',
      'data-testid': 'composer-type',
      value: 'message',
      required: true,
      pattern: '[A-Za-z0-9_.:\\/\\-]{1,128}',
      title: 'A name: letters, digits and _ . : / -',
      autocomplete: 'off',
      spellcheck: 'false',
    });
    this.#text = h('input', {
      id: text,
      class: 'event-text',
      'data-testid': 'composer-input',
      placeholder: 'Write a text, or JSON',
      autocomplete: 'off',
    });
    this.element = h(
      'form',
      { class: 'composer' },
      h('label', { class: 'spoken', for: type }, 'Type of the event'),
      this.#type,
      h('label', { class: 'spoken', for: text }, 'What to send'),
      this.#text,
      h('button', { class: 'send', 'data-testid': 'send' }, icon('send'), h('span', {}, 'Send')),
      this.#waiting,
      this.#problem,
    );
    this.#text.addEventListener('input', () => actions.typing(this.#text.value !== ''));
    this.element.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#send();
    });
  }

  async #send(): Promise<void> {
    const text = this.#text.value.trim();
    this.#problem.textContent = '';
    if (!text) return this.#text.focus();
    this.#text.value = '';
    this.#actions.typing(false);
    this.#wait(1);
    try {
      await this.#actions.send(this.#type.value, readData(text));
    } catch (error) {
      this.#problem.textContent = `Not sent: ${(error as Error).message}`;
      this.#text.value ||= text;
    } finally {
      this.#wait(-1);
    }
  }

  #wait(more: number): void {
    this.#pending += more;
    const count = this.#pending === 1 ? '1 message waits' : `${this.#pending} messages wait`;
    this.#waiting.textContent = this.#pending === 0 ? '' : `${count} for the connection.`;
  }
}
