/** Counters that only grow, as differences between two looks: what was counted lately, also when they began again at 0. Pure. */

export type Counts = Readonly<Record<string, number>>;

export interface Tally {
  at: number;
  /** What the counters showed then. */
  last: Counts;
  /** What was counted between two looks, oldest first. */
  parts: readonly Part[];
}

interface Part {
  at: number;
  ms: number;
  counts: Counts;
}

/** Nobody asks for more. */
const KEPT_MS = 600_000;

/** What nobody saw for so long is begun anew. */
export const isForgotten = (tally: Tally, at: number): boolean => at - tally.at > KEPT_MS;

/**
 * The first look counts nothing: nobody knows how old the counters are. `leading` is the counter that tells a restart:
 * when it went backwards, all of them began again at 0, and what they show was counted since.
 */
export function count(tally: Tally | null, at: number, counts: Counts, leading: string): Tally {
  if (tally === null || isForgotten(tally, at)) return { at, last: counts, parts: [] };
  const restarted = (counts[leading] ?? 0) < (tally.last[leading] ?? 0);
  const grown = Object.entries(counts).map(([name, value]) => [
    name,
    restarted ? value : Math.max(0, value - (tally.last[name] ?? 0)),
  ]);
  const part: Part = { at, ms: at - tally.at, counts: Object.fromEntries(grown) };
  return { at, last: counts, parts: [...tally.parts, part].filter((one) => at - one.at < KEPT_MS) };
}

/** All that was counted in these milliseconds before the last look; null before there were two looks. */
export function countedWithin({ at, parts }: Tally, ms: number): { ms: number; counts: Counts } | null {
  const lately = parts.filter((part) => at - part.at < ms);
  const passed = lately.reduce((sum, part) => sum + part.ms, 0);
  if (passed <= 0) return null;
  const counts: Record<string, number> = {};
  for (const part of lately)
    for (const [name, value] of Object.entries(part.counts)) counts[name] = (counts[name] ?? 0) + value;
  return { ms: passed, counts };
}
