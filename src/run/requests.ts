/** What people may ask of an upgrade: start it, take it back, let it go on. Decided under the row's lock. */
import { randomBytes } from "node:crypto";
import type { Plan } from "../model/plan.ts";
import { Problem } from "../model/problem.ts";
import { recordRequest } from "../store/control-requests.ts";
import { journalOf } from "../store/journal.ts";
import { savePlan } from "../store/plans.ts";
import type { Db, Store } from "../store/store.ts";
import {
  askWayBack,
  insertUpgrade,
  lockUpgrade,
  nextRound,
  unfinishedUpgrade,
  type UpgradeRun,
} from "../store/upgrades.ts";
import { checkPlan, type Definitions } from "./layout.ts";
import { actedSteps, refuseWayBack, wayBackClosed } from "./way-back.ts";

/** Gives the new upgrade's id. */
export async function requestUpgrade(
  store: Store,
  definitions: Definitions,
  plan: Plan,
  asked: { yes: boolean; by: string; boot: number },
): Promise<string> {
  checkPlan(plan, definitions);
  const id = `u-${randomBytes(4).toString("hex")}`;
  const { environment } = plan;
  await store.transaction(async (db) => {
    const planHash = await savePlan(db, plan);
    const options = { yes: asked.yes };
    if (await insertUpgrade(db, { id, environment, planHash, options, askedBy: asked.by, boot: asked.boot })) return;
    throw occupied(environment, await unfinishedUpgrade(db, environment));
  });
  return id;
}

/** Refuses whatever needs the environment for itself. */
export function occupied(environment: string, other: UpgradeRun | null): Problem {
  const id = other?.id ?? "another upgrade";
  return new Problem("refused", {
    what: `environment "${environment}" already has an unfinished upgrade`,
    why: `"${id}" is ${other?.state ?? "running"}`,
    next: other?.state === "stuck" ? `changeover rollback ${id}` : `changeover watch ${id}`,
  });
}

/** True when a new round was opened, because the upgrade was stuck. */
export function requestWayBack(
  store: Store,
  definitions: Definitions,
  asked: { upgrade: string; by: string; reason: string; boot: number },
): Promise<boolean> {
  return store.transaction(async (db) => {
    const upgrade = await mustLock(db, asked.upgrade);
    mustBeUnfinished(upgrade);
    if (upgrade.state === "rolling-back") return false;
    const closed = wayBackClosed(definitions, actedSteps(await journalOf(db, upgrade.id)));
    if (closed) throw refuseWayBack(upgrade.id, closed);
    await recordRequest(db, upgrade.id, "rollback", asked.by, asked.reason);
    await askWayBack(db, upgrade.id, asked.by, asked.reason);
    if (upgrade.state !== "stuck") return false;
    await nextRound(db, upgrade.id, "way-back", asked.boot);
    return true;
  });
}

/** For an upgrade that is stuck on its way forward: the steps that are done stay done, the rest is tried again. */
export function requestResume(store: Store, asked: { upgrade: string; by: string; boot: number }): Promise<void> {
  return store.transaction(async (db) => {
    const upgrade = await mustLock(db, asked.upgrade);
    mustBeUnfinished(upgrade);
    const goingBack = (await journalOf(db, upgrade.id)).some(({ direction }) => direction !== "apply");
    if (upgrade.state !== "stuck" || upgrade.wayBackAt !== null || goingBack) {
      throw new Problem("refused", {
        what: `"${upgrade.id}" can't be resumed`,
        why: upgrade.state === "stuck" ? "it is on its way back" : `it is not stuck, it is ${upgrade.state}`,
        next: upgrade.state === "stuck" ? `changeover rollback ${upgrade.id}` : `changeover watch ${upgrade.id}`,
      });
    }
    await recordRequest(db, upgrade.id, "resume", asked.by, "");
    await nextRound(db, upgrade.id, "forward", asked.boot);
  });
}

async function mustLock(db: Db, id: string): Promise<UpgradeRun> {
  const upgrade = await lockUpgrade(db, id);
  if (upgrade) return upgrade;
  throw new Problem("not-found", {
    what: `there is no upgrade "${id}"`,
    why: "the control database does not know it",
    next: "changeover status",
  });
}

function mustBeUnfinished({ id, state }: UpgradeRun): void {
  if (state !== "upgraded" && state !== "rolled-back") return;
  throw new Problem("refused", {
    what: `"${id}" has ended`,
    why: `it is ${state}`,
    next: `changeover report ${id}`,
  });
}
