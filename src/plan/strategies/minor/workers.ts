/** Hands the workers over: one that runs on an old server ends before one of the new release begins. */
import type { PlanStep } from "../../../model/plan.ts";
import { haltRole } from "../../../steps/halt-role.ts";
import { startWorkers, timesOf } from "../../launching.ts";
import { act } from "../../stage.ts";
import type { Cast, Pair } from "./cast.ts";

/** Of these pairs; the new one works where the old one did. */
export function handOverWorkers(cast: Cast, pairs: Pair[]): PlanStep[] {
  return [...stopOldWorkers(cast, pairs), ...startNewWorkers(cast, pairs)];
}

export function stopOldWorkers({ definition }: Cast, pairs: Pair[]): PlanStep[] {
  const { healthyMs, graceMs } = timesOf(definition);
  const servers = pairs.filter(({ worker }) => worker).map(({ old }) => old.name);
  if (servers.length === 0) return [];
  return [act(haltRole, { servers, role: "worker", graceMs, good: null, healthyMs })];
}

export function startNewWorkers(cast: Cast, pairs: Pair[]): PlanStep[] {
  const working = new Set(workersOf(cast).map(({ next }) => next.name));
  return startWorkers(
    cast.definition,
    pairs.map(({ next }) => next.name).filter((name) => working.has(name)),
  );
}

/** A release that brings the first worker gets as many as the file says. */
function workersOf({ definition, to, pairs }: Cast): Pair[] {
  if (!definition.releases[to]?.start.worker) return [];
  const had = pairs.filter(({ worker }) => worker);
  return had.length > 0 ? had : pairs.slice(0, definition.application.workers);
}
