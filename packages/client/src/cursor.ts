import type { LiveRoom } from './rooms.js';
import type { ResumeCursor } from './wire.js';

/** Characters that a cursor may take in an address: some on the way refuse addresses above 8,000. */
const SPACE = 3900;

/** Adds as many of the rooms we were in and of the users whose presence is watched as fit; as JSON. */
export function formatCursor(
  cursor: ResumeCursor,
  all: Iterable<Pick<LiveRoom, 'name' | 'place'>>,
  watched: string[],
): string {
  let left = SPACE;
  const fits = (value: unknown) => {
    left -= encodeURIComponent(JSON.stringify(value)).length;
    return left > 0;
  };
  fits(cursor);
  const rooms = [...all].flatMap(({ name, place }) =>
    place !== undefined && fits([name, place]) ? [[name, place]] : [],
  );
  const presence = watched.filter((user) => fits([user]));
  return JSON.stringify({ ...cursor, rooms: Object.fromEntries(rooms), presence });
}
