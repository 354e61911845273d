import { h, icon, newId } from './dom.js';
import { highlight } from './highlight.js';
import { ABOUT, ACTIONS, type Action, LANGUAGES, type Language, snippet, type Values } from './snippets.js';

/** How long the copy button says that it is done, in milliseconds. */
const DONE = 1600;

/** The code behind each action, with the values of the moment. */
export class CodePanel {
  readonly element: HTMLElement;
  #action: Action = 'publish';
  #language: Language = 'curl';
  #values: Values;
  readonly #about: HTMLElement = h('p', { class: 'about' });
  readonly #code: HTMLElement = h('code', { 'data-testid': 'code' });
  readonly #copy: HTMLButtonElement;
  readonly #actions: HTMLElement;
  readonly #languages: HTMLElement;

  constructor(values: Values) {
    this.#values = values;
    this.#actions = choices('Action', 'action', ACTIONS, (action) => this.show(action));
    this.#languages = choices('Language', 'tab', LANGUAGES, (language) => {
      this.#language = language;
      this.#draw();
    });
    this.#copy = h('button', { type: 'button', class: 'quiet copy', 'data-testid': 'copy' });
    this.#copy.addEventListener('click', () => void this.#copyCode());
    this.#label('copy', 'Copy');
    const title = newId('title');
    this.element = h(
      'section',
      { class: 'card code-panel', 'aria-labelledby': title, 'data-testid': 'code-panel' },
      h('h2', { id: title }, 'The code behind it'),
      this.#actions,
      this.#about,
      h(
        'div',
        { class: 'editor' },
        h('div', { class: 'bar' }, this.#languages, this.#copy),
        h('pre', { tabindex: 0, role: 'region', 'aria-label': 'Code' }, this.#code),
      ),
    );
    this.#draw();
  }

  show(action: Action): void {
    this.#action = action;
    this.#draw();
  }

  /** Changes some of what is filled in. */
  fill(values: Partial<Values>): void {
    this.#values = { ...this.#values, ...values };
    this.#draw();
  }

  #draw(): void {
    choose(this.#actions, this.#action);
    choose(this.#languages, this.#language);
    this.#about.textContent = ABOUT[this.#action];
    const code = snippet(this.#action, this.#language, this.#values);
    // Drawing anew would take away what is just being selected.
    if (this.#code.textContent !== code) this.#code.replaceChildren(...highlight(code, this.#language));
  }

  async #copyCode(): Promise<void> {
    try {
      await navigator.clipboard.writeText(this.#code.textContent ?? '');
      this.#label('done', 'Copied');
    } catch {
      // The page may not reach the clipboard: then a key copies what is selected.
      getSelection()?.selectAllChildren(this.#code);
      this.#label('copy', 'Selected: press Ctrl+C');
    }
    setTimeout(() => this.#label('copy', 'Copy'), DONE);
  }

  #label(drawing: 'copy' | 'done', text: string): void {
    this.#copy.replaceChildren(icon(drawing), h('span', { 'aria-live': 'polite' }, text));
  }
}

/** A row of radio buttons that look like tabs: the browser brings the keys and the names for it. */
function choices<T extends string>(
  legend: string,
  testid: string,
  names: Record<T, string>,
  chosen: (name: T) => void,
): HTMLElement {
  const group = newId(testid);
  const labels = (Object.entries(names) as [T, string][]).map(([value, text]) => {
    const input = h('input', { type: 'radio', name: group, value });
    input.addEventListener('change', () => chosen(value));
    return h('label', { 'data-testid': `${testid}-${value}` }, input, h('span', {}, text));
  });
  return h('fieldset', { class: 'choices' }, h('legend', { class: 'spoken' }, legend), ...labels);
}

function choose(group: HTMLElement, value: string): void {
  for (const input of group.querySelectorAll('input')) input.checked = input.value === value;
}
