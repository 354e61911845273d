/** Attributes by name; `true` for one without a value, `false` and undefined for none. */
type Attributes = Record<string, string | number | boolean | undefined>;

/** Makes an element. Text stays text: nothing that came over the wire is read as HTML. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) element.setAttribute(name, value === true ? '' : `${value}`);
  }
  element.append(...children);
  return element;
}

/** One of the drawings in index.html, for the eye only. */
export function icon(name: 'away' | 'code' | 'copy' | 'done' | 'plug' | 'send' | 'window'): SVGSVGElement {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  const use = document.createElementNS('http://www.w3.org/2000/svg', 'use');
  use.setAttribute('href', `#icon-${name}`);
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  svg.append(use);
  return svg;
}

let ids = 0;

/** An id that no other element has. */
export function newId(what: string): string {
  ids += 1;
  return `${what}-${ids}`;
}
