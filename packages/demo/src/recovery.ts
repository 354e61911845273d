/** What became of one time away. */
export interface Report {
  /** How long there was no connection, in milliseconds. */
  away: number;
  /** `counting` until every missed entry is here; `afresh` when the server could not tell what was missed. */
  state: 'counting' | 'done' | 'afresh' | 'unkept';
  /** How many entries there were meanwhile. */
  missed: number;
  /** How many of them have arrived. */
  recovered: number;
  lost: number;
  twice: number;
}

interface Gap {
  away: number;
  from: number;
  to: number;
  seen: Set<number>;
  twice: number;
}

/** Counts, for one room, what comes back after a loss. It trusts nobody: it goes by the offsets that really arrived. */
export class Recovery {
  #offset: number | undefined;
  #lostAt: number | undefined;
  #gap: Gap | undefined;

  /** Another room is looked at. */
  reset(): void {
    this.#offset = this.#lostAt = this.#gap = undefined;
  }

  /** The connection went. */
  lost(now: number): void {
    this.#lostAt ??= now;
    this.#gap = undefined;
  }

  /** The room was joined; a report if that was after a loss. */
  joined(now: number, { offset, recovered }: { offset?: number; recovered: boolean }): Report | undefined {
    const [lostAt, before] = [this.#lostAt, this.#offset];
    this.#lostAt = undefined;
    if (!recovered) this.#offset = offset;
    if (lostAt === undefined) return undefined;
    const away = now - lostAt;
    if (offset === undefined) return { ...NOTHING, away, state: 'unkept' };
    if (!recovered || before === undefined) return { ...NOTHING, away, state: 'afresh' };
    this.#gap = { away, from: before, to: offset, seen: new Set(), twice: 0 };
    return this.report();
  }

  /** An entry arrived; true if it happened while we were away. */
  entry(offset: number | undefined): boolean {
    if (offset === undefined) return false;
    this.#offset = Math.max(this.#offset ?? 0, offset);
    const gap = this.#gap;
    if (!gap || offset > gap.to) return false;
    if (gap.seen.has(offset) || offset <= gap.from) gap.twice++;
    else gap.seen.add(offset);
    return true;
  }

  report(): Report | undefined {
    if (!this.#gap) return undefined;
    const { away, from, to, seen, twice } = this.#gap;
    // The server sends what was missed before anything new, so what is passed over by now is lost.
    const reached = Math.min(this.#offset ?? from, to);
    return {
      away,
      state: reached < to ? 'counting' : 'done',
      missed: to - from,
      recovered: seen.size,
      lost: reached - from - seen.size,
      twice,
    };
  }
}

const NOTHING = { missed: 0, recovered: 0, lost: 0, twice: 0 };

/** The report as a sentence. */
export function describe({ away, state, missed, recovered, lost, twice }: Report): string {
  const time = `You were away ${(away / 1000).toFixed(1)} s`;
  if (state === 'afresh')
    return `${time}: the server no longer knows what was missed, so this room starts afresh.`;
  if (state === 'unkept') return `${time}: this room keeps nothing, so there is nothing to recover.`;
  if (missed === 0) return `${time}: nothing happened meanwhile, so nothing was missed.`;
  const entries = missed === 1 ? '1 entry' : `${missed} entries`;
  if (state === 'counting') return `${time}: ${recovered} of ${entries} recovered so far …`;
  const came = recovered === 1 ? '1 entry' : `${recovered} entries`;
  return `${time}: ${came} recovered, ${lost || 'none'} lost, ${twice || 'none'} twice.`;
}
