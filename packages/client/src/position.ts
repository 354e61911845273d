import type { Position } from './wire.js';

/** Reads `<epoch>:<offset>`; undefined for anything else. */
export function parsePosition(text: string | undefined): Position | undefined {
  const [, epoch, offset] = /^(.+):(\d+)$/.exec(text ?? '') ?? [];
  return epoch ? { epoch, offset: Number(offset) } : undefined;
}

/** Writes `<epoch>:<offset>`. */
export function formatPosition({ epoch, offset }: Position): string {
  return `${epoch}:${offset}`;
}
