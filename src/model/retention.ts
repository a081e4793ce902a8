/** Which backups are kept: the last ones, and the newest of each day, week, month and year, all taken together. */

export interface Keep {
  last: number;
  daily: number;
  weekly: number;
  monthly: number;
  yearly: number;
}

export interface Retainable {
  id: string;
  takenAt: number;
  /** Started and compared; one that was not counts for nothing. */
  verified: boolean;
  /** Of an upgrade that has not ended. */
  inUse: boolean;
}

const DAY_MS = 24 * 3_600_000;

/** By UTC, so that no backup is lost or kept twice when clocks change; weeks begin on Monday. */
const periodOf: Record<Exclude<keyof Keep, "last">, (at: number) => string> = {
  daily: (at) => new Date(at).toISOString().slice(0, 10),
  // 1970 began on a Thursday.
  weekly: (at) => String(Math.floor((at / DAY_MS + 3) / 7)),
  monthly: (at) => new Date(at).toISOString().slice(0, 7),
  yearly: (at) => new Date(at).toISOString().slice(0, 4),
};

/**
 * The ids to keep. Today is no day yet: its backups are the last ones' business. A period without a backup is not
 * counted, so that a pause reaches further back instead of emptying the shelf. Whatever the numbers say: the newest
 * verified one stays, so does what an unfinished upgrade took, and one that was never proven goes only when a newer
 * one was.
 */
export function retained(backups: readonly Retainable[], keep: Keep, now: number): Set<string> {
  const proven = backups.filter(({ verified }) => verified).sort((left, right) => newestFirst(left, right));
  const newest = proven[0];
  const kept = new Set(proven.slice(0, Math.max(1, keep.last)).map(({ id }) => id));
  for (const kind of ["daily", "weekly", "monthly", "yearly"] as const) {
    const open = kind === "daily" ? periodOf.daily(now) : null;
    for (const id of newestOfPeriods(proven, periodOf[kind], open).slice(0, keep[kind])) kept.add(id);
  }
  for (const { id, inUse, verified, takenAt } of backups) {
    if (inUse || (!verified && (!newest || takenAt >= newest.takenAt))) kept.add(id);
  }
  return kept;
}

/** Newest period first; `open` is left out. */
function newestOfPeriods(sorted: readonly Retainable[], period: (at: number) => string, open: string | null): string[] {
  const found = new Map<string, string>();
  for (const { id, takenAt } of sorted) {
    const name = period(takenAt);
    if (name !== open && !found.has(name)) found.set(name, id);
  }
  return [...found.values()];
}

const newestFirst = (left: Retainable, right: Retainable): number =>
  right.takenAt - left.takenAt || (left.id < right.id ? 1 : -1);
