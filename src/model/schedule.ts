/** When the next scheduled backup is due; pure, so that its promises hold for every calendar and not only for good days. */

export interface ScheduleFacts {
  everyMs: number;
  /** When the newest proven backup was taken, whoever wanted it; null when there is none. */
  newestAt: number | null;
  /** Tries of the schedule that are over, newest first. */
  tries: readonly { at: number; good: boolean }[];
}

const FIRST_PAUSE_MS = 5 * 60_000;
const LONGEST_PAUSE_MS = 6 * 3_600_000;

/** Milliseconds since 1970; in the past when it is overdue. */
export function dueAt({ everyMs, newestAt, tries }: ScheduleFacts): number {
  const wanted = newestAt === null ? 0 : newestAt + everyMs;
  const [last] = tries;
  return last ? Math.max(wanted, last.at + pauseAfter(tries, everyMs)) : wanted;
}

/** Doubled with each failure in a row, and never longer than the schedule itself: what failed is tried again, not in a loop. */
function pauseAfter(tries: ScheduleFacts["tries"], everyMs: number): number {
  const lastGood = tries.findIndex(({ good }) => good);
  const failures = lastGood < 0 ? tries.length : lastGood;
  const doubled = FIRST_PAUSE_MS * 2 ** Math.min(20, Math.max(0, failures - 1));
  return Math.min(doubled, LONGEST_PAUSE_MS, everyMs);
}
