/** What was tried with a scaling group lately, and what follows from it. Read from the runs, so that no crash forgets it. Pure. */

export interface Resize {
  kind: "grow" | "shrink";
  /** When it ended. Milliseconds since 1970. */
  at: number;
  good: boolean;
  /** How many servers it launched, whatever became of them. */
  launched: number;
}

/** Launches that failed one after the other since the group was enabled; one that went well ends them. Newest first. */
export function failuresIn(history: readonly Resize[], from: number | null): number {
  const growths = history.filter(({ kind, at }) => kind === "grow" && at >= (from ?? 0));
  const good = growths.findIndex((one) => one.good);
  return growths.slice(0, good < 0 ? growths.length : good).reduce((sum, { launched }) => sum + launched, 0);
}

/** When it last became another size, whoever wanted it. */
export const lastResizeIn = (history: readonly Resize[]): number | null => history.find(({ good }) => good)?.at ?? null;

const FIRST_PAUSE_MS = 30_000;
const LONGEST_PAUSE_MS = 15 * 60_000;

/** What failed is not tried again at once: after the first failure half a minute, then twice as long each time. */
export function pausedUntil(history: readonly Resize[], from: number | null): number {
  const tries = history.filter(({ at }) => at >= (from ?? 0));
  const good = tries.findIndex((one) => one.good);
  const failed = tries.slice(0, good < 0 ? tries.length : good);
  const [last] = failed;
  return last ? last.at + Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(10, failed.length - 1)) : 0;
}
