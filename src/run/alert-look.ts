/** One look at one environment for its alerts: measured, decided and written down together, then acted on. */
import type { Around } from "../model/alerts/engine.ts";
import type { AlertRule } from "../model/alerts/rule.ts";
import { type Samples, type Taken, takeRound } from "../model/alerts/round.ts";
import type { Sample } from "../model/alerts/sample.ts";
import { sampleOf, type Tallies, watchedBy } from "../model/alerts/sampling.ts";
import { addUp } from "../model/alerts/tallies.ts";
import type { Outcome } from "../model/alerts/task.ts";
import { asProblem } from "../model/problem.ts";
import type { World } from "../model/world.ts";
import { lookForAlerts } from "../observe/alert-sight.ts";
import { freshMemory, type LookMemory } from "../observe/limited-look.ts";
import { keepWatch, takeOverActions } from "../store/alert-events.ts";
import { alertStates, forgetAlertStates, quenchesOf, type SavedAlert, saveAlertStates } from "../store/alerts.ts";
import { findEnvironment, type SavedEnvironment } from "../store/environments.ts";
import type { Db } from "../store/store.ts";
import { findPlan } from "../store/plans.ts";
import { unfinishedUpgrade } from "../store/upgrades.ts";
import { type ActionParts, whyLocked } from "./alert-actions.ts";
import { carryOut, takeUp, tellTurn, type Written, writeDown } from "./alert-turn.ts";
import { within } from "./world-use.ts";

export interface LookParts extends ActionParts {
  /** This control plane. */
  boot: number;
  /** For looking. */
  world(environment: string): Promise<World>;
}

/** What one control plane remembers of an environment between two looks; lost with it, counting begins anew. */
export interface WatchMemory {
  look: LookMemory;
  tallies: Tallies;
}

export const freshWatch = (): WatchMemory => ({ look: freshMemory(), tallies: new Map() });

/** Longer than a look can take; then another control plane may watch. */
const WATCH_MS = 60_000;
/** Two samples further apart than this many looks, or this long, say nothing of the time between them. */
const GAP_LOOKS = 4;
const GAP_MS = 30_000;

const gapOf = (alertSeconds: number): number => Math.max(GAP_MS, GAP_LOOKS * alertSeconds * 1000);

/** Gives the actions that are on their way; they never throw. */
export async function lookOnce(
  parts: LookParts,
  saved: SavedEnvironment,
  memory: WatchMemory,
): Promise<Promise<Outcome>[]> {
  const { store, clock, boot } = parts;
  const { name, definition } = saved;
  const known = await alertStates(store, name);
  if (definition.alerts.length === 0 && known.length === 0) return [];
  const until = (): { boot: number; now: number; until: number } => {
    const now = clock.now();
    return { boot, now, until: now + WATCH_MS };
  };
  if (!(await keepWatch(store, name, until()))) return [];
  const orphans = await takeOverActions(store, name, { boot, before: clock.now() - WATCH_MS });
  const samplesOf = await measure(parts, saved, memory, known);
  const now = clock.now();
  const quenches = await quenchesOf(store, name, now);
  const locked = (await whyLocked(store, name)) !== null;
  const maxGapMs = gapOf(definition.limits.alertSeconds);
  const aroundOf = (rule: AlertRule): Around => ({
    ...{ now, locked, maxGapMs },
    quenched: quenches.some(({ alert }) => alert === rule.name),
  });
  const round = takeRound(definition.alerts, known, samplesOf, aroundOf);
  const written = await store.transaction(async (db) => {
    // Both may have changed while we looked.
    if (!(await findEnvironment(db, name)) || !(await keepWatch(db, name, until()))) return [];
    await saveRound(db, name, round);
    const turns: Written[] = [];
    for (const taken of round) turns.push(await writeDown(db, { environment: name, boot, now }, taken));
    return turns;
  });
  for (const one of written) await tellTurn(parts, name, one);
  return [
    ...orphans.map((one) => takeUp(parts, one)),
    ...written.flatMap(({ begun }) => begun).map((one) => carryOut(parts, one)),
  ];
}

type SamplesOf = (rule: AlertRule) => Samples | null;

/** When nothing can be looked at at all, nothing that was watched is known. */
async function measure(
  { store, world, clock }: LookParts,
  { name, definition }: SavedEnvironment,
  memory: WatchMemory,
  known: readonly SavedAlert[],
): Promise<SamplesOf> {
  const rules = definition.alerts;
  const run = await unfinishedUpgrade(store, name);
  const plan = run && (await findPlan(store, run.planHash));
  // What is only being built serves nobody yet.
  if (rules.length === 0 || plan?.strategy === "bring-up") return () => null;
  const busy = run !== null;
  try {
    const sight = await within(world(name), (seen) => lookForAlerts(seen, { rules, busy, memory: memory.look }));
    memory.tallies = addUp(memory.tallies, sight);
    return (rule) => {
      const targets = watchedBy(rule, sight);
      return targets && new Map(targets.map((target) => [target, sampleOf(rule, target, sight, memory.tallies)]));
    };
  } catch (error) {
    const { what, why } = asProblem(error).text;
    const unknown: Sample = { at: clock.now(), value: null, note: `${what}: ${why}`.slice(0, 300) };
    return (rule) =>
      new Map(known.filter(({ alert }) => alert === rule.name).map(({ target }) => [target, unknown] as const));
  }
}

async function saveRound(db: Db, environment: string, round: readonly Taken[]): Promise<void> {
  const known = (gone: boolean): SavedAlert[] =>
    round.filter((one) => one.gone === gone).map(({ alert, target, state }) => ({ alert, target, state }));
  await saveAlertStates(db, environment, known(false));
  await forgetAlertStates(db, environment, known(true));
}
