/** What was measured of an environment and its clones so far, and the forecast that follows from it. */
import type { Forecast } from "../model/forecast.ts";
import type { Plan } from "../model/plan.ts";
import { cloneNameOf } from "../model/rehearsal.ts";
import { forecast, type PastRun } from "../plan/forecast.ts";
import { journalOf } from "../store/journal.ts";
import { findPlan } from "../store/plans.ts";
import type { Store } from "../store/store.ts";
import { steps } from "../steps/registry.ts";
import { listUpgrades, type UpgradeRun } from "../store/upgrades.ts";
import type { Environments } from "./environments.ts";

/** Of an environment, and as many of its rehearsals; what is older says little about today. */
const RUNS = 10;

/** Says "unknown" rather than keep anybody from upgrading. */
export async function forecastFor(
  { store, environments }: { store: Store; environments: Environments },
  environment: string,
  plan: Plan,
): Promise<Forecast> {
  // Only for what takes longer the more data there is.
  const grows = plan.stages.some(({ steps: all }) => all.some(({ step }) => steps.get(step)?.grows));
  const bytes = grows ? await environments.databaseBytes(environment).catch(() => null) : null;
  return forecast(plan, await pastRuns(store, environment), bytes);
}

/** Newest first. */
async function pastRuns(store: Store, environment: string): Promise<PastRun[]> {
  const [own, onClones] = await Promise.all([
    listUpgrades(store, environment, RUNS),
    listUpgrades(store, cloneNameOf(environment), 2 * RUNS),
  ]);
  const ended = [...own, ...onClones]
    .filter(({ endedAt }) => endedAt !== null)
    .sort((left, right) => right.createdAt - left.createdAt);
  const runs: PastRun[] = [];
  for (const record of ended) runs.push(...(await pastRun(store, record, record.environment !== environment)));
  return runs;
}

async function pastRun(store: Store, record: UpgradeRun, rehearsal: boolean): Promise<PastRun[]> {
  const plan = await findPlan(store, record.planHash);
  if (plan === null || plan.from === "") return [];
  const databaseBytes = record.forecast?.databaseBytes ?? null;
  return [{ rehearsal, plan, entries: await journalOf(store, record.id), databaseBytes }];
}
