import { h } from './dom.js';

/** How many colours styles/tokens.css has for people. */
const HUES = 6;

/** `Ada` of `ada`. */
export function displayName(user: string): string {
  return user.charAt(0).toUpperCase() + user.slice(1);
}

/** Which colour a user has, everywhere and always the same. */
export function hue(user: string): number {
  let sum = 0;
  for (const letter of user) sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) % 9973;
  return sum % HUES;
}

/** A round letter in the user's colour; of nobody, the back end. */
export function avatar(user: string | undefined): HTMLElement {
  if (user === undefined) return h('span', { class: 'avatar back-end', 'aria-hidden': 'true' }, '{}');
  const letter = [...displayName(user)][0] ?? '?';
  return h('span', { class: `avatar hue-${hue(user)}`, 'aria-hidden': 'true' }, letter);
}
