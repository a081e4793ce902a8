/** Foretells what a plan takes from what earlier runs took; a step that nobody has timed stays unknown. Pure. */
import {
  diskBytesIn,
  type Duration,
  expectedWindow,
  indexed,
  type IndexedStage,
  longest,
  phaseSum,
  sum,
  windowOf,
} from "../model/costs.ts";
import type { Forecast, StageForecast } from "../model/forecast.ts";
import type { Plan, PlanStep } from "../model/plan.ts";
import type { Direction, JournalEntry } from "../model/upgrade.ts";
import { steps as definitions } from "../steps/registry.ts";
import { likenessOf } from "./likeness.ts";

/** An upgrade of the environment, or of a clone of it, that has ended. */
export interface PastRun {
  rehearsal: boolean;
  plan: Plan;
  entries: readonly JournalEntry[];
  /** What the application's tables took when it began; null when nobody looked. */
  databaseBytes: number | null;
}

/** Newest runs first. */
export function forecast(plan: Plan, past: readonly PastRun[], databaseBytes: number | null): Forecast {
  const shape = likenessOf(plan);
  const isSame = (run: PastRun) => run.rehearsal && likenessOf({ ...run.plan, failAt: plan.failAt }) === shape;
  const alike = past.filter(({ plan: { strategy } }) => strategy === plan.strategy);
  const runs = [...alike.filter(isSame), ...alike.filter((run) => !isSame(run))].map(timed);
  const all = plan.stages.flatMap(({ name, steps }) => keyed(name, steps));
  const expected = all.map(({ key, step }) => fixed(step) ?? known(runs, "apply", key, step, databaseBytes));
  const undoing = all.map(({ key, step }) =>
    definitions.get(step.step)?.undo ? known(runs, "undo", key, step, databaseBytes) : 0,
  );
  const stages = indexed(plan);
  const at: Duration = (index) => expected[index] ?? null;
  const perStage = stages.map((stage) => ofStage(stage, at));
  return {
    from: alike.some(isSame) ? "rehearsal" : alike.length > 0 ? "past upgrades" : null,
    databaseBytes,
    totalMs: sum(perStage),
    windowMs: expectedWindow(stages, at),
    migrationMs: phaseSum(stages, "migration", at),
    snapshotMs: phaseSum(stages, "snapshot", at),
    diskBytes: diskOf(runs, databaseBytes),
    stages: withWaysBack(stages, perStage, (index) => undoing[index] ?? null),
    unknown: all.filter((_, index) => expected[index] === null).map(({ step }) => step.says),
  };
}

const ofStage = ({ parallel, steps }: IndexedStage, at: Duration): number | null => {
  const parts = steps.map(({ index }) => at(index));
  return parallel ? longest(parts) : sum(parts);
};

/** Undone in reverse, so each stage adds its own; from reopening on there is nothing to undo. */
function withWaysBack(stages: IndexedStage[], expected: (number | null)[], undoing: Duration): StageForecast[] {
  const last = windowOf(stages)?.to ?? Number.POSITIVE_INFINITY;
  let wayBackMs: number | null = 0;
  return stages.map((stage, turn) => {
    wayBackMs = sum([wayBackMs, ofStage(stage, undoing)]);
    const open = stage.steps.every(({ index }) => index < last);
    return { expectedMs: expected[turn] ?? null, wayBackMs: open ? wayBackMs : null };
  });
}

interface Keyed {
  key: string;
  step: PlanStep;
}

/** The place in the plan without any name of a server: "Migrate/migrate/0"; a migration belongs to its release. */
function keyed(stage: string, steps: readonly PlanStep[]): Keyed[] {
  const seen = new Map<string, number>();
  return steps.map((step) => {
    const turn = seen.get(step.step) ?? 0;
    seen.set(step.step, turn + 1);
    return { key: `${stage}/${kindOf(step)}/${turn}`, step };
  });
}

const kindOf = ({ step, input }: PlanStep): string =>
  step === "migrate" ? `migrate ${(input as { release: string }).release}` : step;

/** How long people take is nobody's forecast; a gate that opens by itself lasts until it does. */
function fixed({ step, input }: PlanStep): number | null {
  if (step === "await-window") return 0;
  if (step !== "gate") return null;
  const { atDeadline, deadlineMs } = input as { atDeadline: string; deadlineMs: number };
  return atDeadline === "go-on" ? deadlineMs : 0;
}

interface Timed {
  databaseBytes: number | null;
  diskBytes: number | null;
  took: Record<Direction, { key: string; kind: string; ms: number }[]>;
}

function timed({ plan, entries, databaseBytes }: PastRun): Timed {
  const all = plan.stages.flatMap(({ name, steps }) => keyed(name, steps));
  const took = (direction: Direction) =>
    all.flatMap(({ key, step }, index) => {
      const tries = entries.filter((one) => one.direction === direction && one.index === index);
      const last = tries.at(-1);
      // One that a crash cut short was found done: how long it took, nobody saw.
      if (last?.result !== "done" || last.foundDone) return [];
      return [{ key, kind: kindOf(step), ms: last.durationMs ?? 0 }];
    });
  return {
    databaseBytes,
    diskBytes: diskBytesIn(entries),
    took: { apply: took("apply"), undo: took("undo"), after: [] },
  };
}

/** Of the first run that knows the very step; else the longest of its kind in the first run that knows one. */
function known(
  runs: readonly Timed[],
  direction: Direction,
  key: string,
  step: PlanStep,
  bytes: number | null,
): number | null {
  const grows = definitions.get(step.step)?.grows === true;
  for (const wanted of [
    (one: { key: string }) => one.key === key,
    (one: { kind: string }) => one.kind === kindOf(step),
  ]) {
    for (const run of runs) {
      const seen = run.took[direction].filter((one) => wanted(one)).map(({ ms }) => ms);
      if (seen.length > 0) return Math.round(Math.max(...seen) * (grows ? growth(run, bytes) : 1));
    }
  }
  return null;
}

/** As the data grew, so grows what copies it; what shrank is expected to take no less than it did. */
const growth = ({ databaseBytes }: Timed, now: number | null): number =>
  now === null || !databaseBytes ? 1 : Math.max(1, now / databaseBytes);

function diskOf(runs: readonly Timed[], now: number | null): number | null {
  const run = runs.find(({ diskBytes }) => diskBytes !== null);
  return run?.diskBytes ? Math.round(run.diskBytes * growth(run, now)) : null;
}
