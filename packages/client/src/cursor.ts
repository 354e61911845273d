import type { LiveRoom } from './rooms.js';
import type { Position } from './wire.js';

/** Characters of JSON that rooms may take: less than 4,000 as base64, where some on the way refuse addresses above 8,000. */
const SPACE = 2900;

/**
 * The resume cursor: where we were in the user's own room and in as many of the others as fit, as base64url of JSON.
 * Undefined where there are no others to come back to.
 */
export function formatCursor(
  personal: Position,
  all: Iterable<Pick<LiveRoom, 'name' | 'place'>>,
): string | undefined {
  const rooms = new Map<string, Position | null>();
  let left = SPACE;
  for (const { name, place } of all) {
    if (place === undefined) continue;
    left -= JSON.stringify([name, place]).length;
    if (left > 0) rooms.set(name, place);
  }
  if (!rooms.size) return;
  // With what names and epochs are made of, base64 is base64url but for the padding.
  return btoa(JSON.stringify({ personal, rooms: Object.fromEntries(rooms) })).replace(/=/g, '');
}
