/** What an upgrade costs in time and disk, added up the same way for what is expected and for what was measured. */
import type { Phase, Plan } from "./plan.ts";
import type { JournalEntry } from "./upgrade.ts";

/** Null: not known, or it did not come to that. */
export interface Costs {
  /** From the page to the public's answer, without the wait at gates. */
  windowMs: number | null;
  migrationMs: number | null;
  snapshotMs: number | null;
  /** Of every server's folder together, when old and new stand side by side. */
  diskBytes: number | null;
}

/** By the index of a step through all stages. */
export type Duration = (index: number) => number | null;

/** Of steps one after the other; one that is unknown makes the sum unknown. */
export const sum = (parts: readonly (number | null)[]): number | null =>
  parts.reduce<number | null>((total, part) => (total === null || part === null ? null : total + part), 0);

/** Of steps side by side. */
export const longest = (parts: readonly (number | null)[]): number | null =>
  parts.reduce<number | null>((most, part) => (most === null || part === null ? null : Math.max(most, part)), 0);

export interface IndexedStage {
  parallel: boolean;
  steps: { index: number; step: string; phase: Phase | undefined }[];
}

export function indexed({ stages }: Pick<Plan, "stages">): IndexedStage[] {
  let index = 0;
  return stages.map(({ parallel, steps }) => ({
    parallel,
    steps: steps.map(({ step, phase }) => ({ index: index++, step, phase })),
  }));
}

/** The window in a plan: from the step that shows the page up to the one that takes it away; null when it has none. */
export function windowOf(stages: readonly IndexedStage[]): { from: number; to: number } | null {
  const all = stages.flatMap(({ steps }) => steps);
  const [from, to] = ["maintenance-on", "reopen"].map((name) => all.find(({ step }) => step === name)?.index);
  return from === undefined || to === undefined ? null : { from, to };
}

export function expectedWindow(stages: readonly IndexedStage[], expected: Duration): number | null {
  const window = windowOf(stages);
  if (!window) return null;
  const inside = (index: number) => index >= window.from && index <= window.to;
  return sum(
    stages.map(({ parallel, steps }) => {
      const parts = steps.filter(({ index }) => inside(index)).map(({ index }) => expected(index));
      return parallel ? longest(parts) : sum(parts);
    }),
  );
}

export const phaseSum = (stages: readonly IndexedStage[], wanted: Phase, duration: Duration): number | null =>
  sum(stages.flatMap(({ steps }) => steps.filter(({ phase }) => phase === wanted).map(({ index }) => duration(index))));

/** Of an upgrade that has run, by its journal. */
export function measuredCosts(plan: Plan, entries: readonly JournalEntry[]): Costs {
  const stages = indexed(plan);
  const took: Duration = (index) => {
    const tries = entries.filter((one) => one.direction === "apply" && one.index === index);
    return tries.some(({ result }) => result === "done")
      ? tries.reduce((ms, one) => ms + (one.durationMs ?? 0), 0)
      : null;
  };
  return {
    windowMs: measuredWindow(stages, entries),
    migrationMs: phaseSum(stages, "migration", took),
    snapshotMs: phaseSum(stages, "snapshot", took),
    diskBytes: diskBytesIn(entries),
  };
}

/** By the clock, so that a control plane that was killed in between counts. */
function measuredWindow(stages: readonly IndexedStage[], entries: readonly JournalEntry[]): number | null {
  const window = windowOf(stages);
  const applied = entries.filter(({ direction }) => direction === "apply");
  const begins = applied.find(({ index }) => index === window?.from)?.intentAt;
  const ends = applied.findLast(({ index, result }) => index === window?.to && result === "done")?.resultAt;
  if (begins === undefined || !ends) return null;
  const waited = applied
    .filter(({ step }) => step === "gate")
    .reduce((ms, { durationMs }) => ms + (durationMs ?? 0), 0);
  return ends - begins - waited;
}

export function diskBytesIn(entries: readonly JournalEntry[]): number | null {
  const seen = entries.findLast(({ step, result }) => step === "read-disk" && result === "done")?.evidence?.bytes;
  return seen === undefined ? null : Number(seen);
}
