/** What people may ask of an upgrade: start it, take it back, let it go on. Decided under the row's lock. */
import { randomBytes } from "node:crypto";
import type { Clock } from "../model/clock.ts";
import type { Forecast } from "../model/forecast.ts";
import { drawLoss, type Loss } from "../model/loss.ts";
import { type Asker, type Verb, verbOfRun } from "../model/locks/verbs.ts";
import type { Plan } from "../model/plan.ts";
import { Problem } from "../model/problem.ts";
import type { HotFix, UpgradeOptions } from "../model/upgrade.ts";
import { awaitNoSessions } from "../steps/await-no-sessions.ts";
import { awaitQuietLoadBalancer } from "../steps/await-quiet-load-balancer.ts";
import { gateInput } from "../steps/gate.ts";
import { recordRequest } from "../store/control-requests.ts";
import { postponeGates } from "../store/gates.ts";
import { insertHotFix } from "../store/hot-fixes.ts";
import { journalOf } from "../store/journal.ts";
import { lockEnvironment } from "../store/environments.ts";
import { savePlan } from "../store/plans.ts";
import { lentTo } from "../store/rehearsals.ts";
import type { Db, Store } from "../store/store.ts";
import {
  abortUpgrade,
  askWayBack,
  endPause,
  insertUpgrade,
  lockUpgrade,
  nextRound,
  pauseUpgrade,
  unfinishedUpgrade,
  type UpgradeRun,
} from "../store/upgrades.ts";
import { answer } from "./gates.ts";
import { checkPlan, type Definitions, GATE, layOut } from "./layout.ts";
import { mustBeAllowed } from "./locks.ts";
import { actedSteps, refuseWayBack, wayBackNow } from "./way-back.ts";

export interface Begin extends UpgradeOptions {
  by: string;
  forecast?: Forecast | null;
  /** What the lock matrix is asked for; what its kind of run says when left out. */
  verb?: Verb;
  /** A person when left out. */
  asker?: Asker;
  /** Those that it changes, when it changes only some: their locks count. */
  servers?: readonly string[];
  group?: string;
}

/** Gives the new upgrade's id. Refused when the lock matrix denies what it does. */
export async function requestUpgrade(
  store: Store,
  definitions: Definitions,
  plan: Plan,
  asked: Begin & { boot: number },
): Promise<string> {
  checkPlan(plan, definitions);
  const id = `u-${randomBytes(4).toString("hex")}`;
  const { environment } = plan;
  await store.transaction(async (db) => {
    await lockEnvironment(db, environment);
    await mustNotLend(db, environment);
    const { verb = verbOfRun[plan.strategy], asker, servers, group } = asked;
    await mustBeAllowed(db, { environment, verb, asker, servers, group });
    const planHash = await savePlan(db, plan);
    const { by: askedBy, boot, forecast } = asked;
    const options = optionsOf(asked);
    if (await insertUpgrade(db, { id, environment, planHash, options, askedBy, boot, forecast })) return;
    throw occupied(environment, await unfinishedUpgrade(db, environment));
  });
  return id;
}

const optionsOf = ({ yes, why = "", tell = [] }: UpgradeOptions): UpgradeOptions => ({
  yes,
  ...(why === "" ? {} : { why }),
  ...(tell.length === 0 ? {} : { tell }),
});

/** While a clone is made of it, a replica stands still and only the clone's plan may act on it. */
export async function mustNotLend(db: Db, environment: string): Promise<void> {
  const rehearsal = await lentTo(db, environment);
  if (rehearsal === null) return;
  throw new Problem("refused", {
    what: `environment "${environment}" is being cloned for a rehearsal`,
    why: `${rehearsal} copies its data from a replica, which takes as long as a backup`,
    next: `try again when the clone is up, or end it: changeover rehearse ${environment} --cancel`,
  });
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
  asked: { upgrade: string; by: string; reason: string; loss?: Loss | null; boot: number },
): Promise<boolean> {
  return store.transaction(async (db) => {
    const upgrade = await mustLock(db, asked.upgrade);
    mustBeUnfinished(upgrade);
    if (upgrade.state === "rolling-back") return false;
    const now = wayBackNow(definitions, actedSteps(await journalOf(db, upgrade.id)));
    if (now.kind === "closed") throw refuseWayBack(upgrade.id, now.why);
    const loss = now.kind === "priced" ? (asked.loss ?? upgrade.acceptedLoss) : null;
    if (now.kind === "priced" && !loss) throw reopenedMeanwhile(upgrade.id);
    const accepts = asked.loss ? `; accepts ${asked.loss.hash}: ${drawLoss(asked.loss)}` : "";
    await recordRequest(db, upgrade.id, "rollback", asked.by, `${asked.reason}${accepts}`);
    await askWayBack(db, upgrade.id, { ...asked, loss });
    if (upgrade.state !== "stuck") return false;
    await nextRound(db, upgrade.id, "way-back", asked.boot);
    return true;
  });
}

/** Between the look and the request. */
const reopenedMeanwhile = (upgrade: string): Problem =>
  new Problem("refused", {
    what: `the way back of "${upgrade}" has a price now`,
    why: "the site was reopened: what was written since would be lost",
    next: `changeover rollback ${upgrade}`,
  });

/** Stops before the next step on the way forward; the step in flight ends. The reason, if there is one, is shown with who paused. */
export function requestPause(store: Store, asked: { upgrade: string; by: string; reason?: string }): Promise<void> {
  const { by, reason = "" } = asked;
  return store.transaction(async (db) => {
    const upgrade = await mustLock(db, asked.upgrade);
    mustBeUnfinished(upgrade);
    if (upgrade.state === "stuck" || upgrade.state === "rolling-back" || upgrade.wayBackAt !== null) {
      throw new Problem("refused", {
        what: `"${upgrade.id}" can't be paused`,
        why: upgrade.state === "stuck" ? "it is stuck, so nothing begins anyway" : "it is on its way back",
        next: `changeover watch ${upgrade.id}, or stop it where it is: changeover abort ${upgrade.id}`,
      });
    }
    if (upgrade.pausedAt !== null) return;
    await recordRequest(db, upgrade.id, "pause", by, reason);
    await pauseUpgrade(db, upgrade.id, reason === "" ? by : `${by} (${reason})`);
  });
}

/** Nothing new begins in either direction; the upgrade waits for a person. */
export function requestAbort(store: Store, asked: { upgrade: string; by: string; reason: string }): Promise<void> {
  return store.transaction(async (db) => {
    const upgrade = await mustLock(db, asked.upgrade);
    mustBeUnfinished(upgrade);
    if (upgrade.state === "stuck") {
      throw new Problem("refused", {
        what: `"${upgrade.id}" can't be aborted`,
        why: "it is stuck: nothing of it runs",
        next: `changeover resume ${upgrade.id}, or: changeover rollback ${upgrade.id}`,
      });
    }
    if (upgrade.abortedAt !== null) return;
    await recordRequest(db, upgrade.id, "abort", asked.by, asked.reason);
    await abortUpgrade(db, upgrade.id, asked.by, asked.reason);
  });
}

/** They wait for people, and somebody may say that these are to be cut off. */
const PATIENT = [awaitNoSessions.name, awaitQuietLoadBalancer.name];

/** Servers that wait for their sessions to end are retired without waiting any longer. */
export function requestCutSessions(
  store: Store,
  asked: { upgrade: string; by: string; reason: string },
): Promise<void> {
  return store.transaction(async (db) => {
    const upgrade = await mustLock(db, asked.upgrade);
    const { id } = upgrade;
    mustBeUnfinished(upgrade);
    const tries = (await journalOf(db, id)).filter(({ step }) => PATIENT.includes(step));
    // Of each step only the last try: one that a crash cut short has no result and never will.
    const last = new Map(tries.map((one) => [one.index, one]));
    const waits = [...last.values()].some(({ result }) => result === null);
    if (waits) return recordRequest(db, id, "cut-sessions", asked.by, asked.reason);
    throw new Problem("refused", {
      what: `"${id}" waits for no sessions`,
      why: "only servers that are about to be retired are waited for",
      next: `changeover watch ${id}`,
    });
  });
}

/** Runs a script on the new release at a gate that takes one; then the gate asks again. */
export function requestFix(
  store: Store,
  clock: Clock,
  plan: Plan,
  asked: Pick<HotFix, "upgrade" | "gate" | "script" | "account"> & { by: string; planHash: string },
): Promise<number> {
  const { upgrade, gate, script, account, by, planHash } = asked;
  const wanted = layOut(plan.stages)
    .flatMap(({ steps }) => steps)
    .find(({ step, input }) => step === GATE && gateInput.parse(input).gate === gate);
  return store.transaction(async (db) => {
    await mustLock(db, upgrade);
    if (wanted && !gateInput.parse(wanted.input).fix) {
      throw new Problem("refused", {
        what: `gate "${gate}" takes no hot-fix`,
        why: "its plan has none at this place",
        next: `changeover approve ${upgrade}, or: changeover deny ${upgrade}`,
      });
    }
    await answer(db, clock, { upgrade, gate, by, planHash, answer: "fix" });
    const number = await insertHotFix(db, { upgrade, gate, script, account, askedBy: by });
    await recordRequest(db, upgrade, "fix", by, `hot-fix ${number} at gate "${gate}" as the ${account}`);
    return number;
  });
}

/**
 * Ends a pause. For an upgrade that is stuck on its way forward: the steps that are done stay done, the rest is tried
 * again. True when a new round was opened.
 */
export function requestResume(store: Store, asked: { upgrade: string; by: string; boot: number }): Promise<boolean> {
  return store.transaction(async (db) => {
    const upgrade = await mustLock(db, asked.upgrade);
    mustBeUnfinished(upgrade);
    if (upgrade.pausedAt !== null && upgrade.state !== "stuck") {
      await recordRequest(db, upgrade.id, "resume", asked.by, "");
      await endPause(db, upgrade.id);
      return false;
    }
    const goingBack = (await journalOf(db, upgrade.id)).some(({ direction }) => direction !== "apply");
    if (upgrade.state !== "stuck" || upgrade.wayBackAt !== null || goingBack) {
      throw new Problem("refused", {
        what: `"${upgrade.id}" can't be resumed`,
        why:
          upgrade.state === "stuck"
            ? "it is on its way back"
            : `it is neither paused nor stuck, it is ${upgrade.state}`,
        next: upgrade.state === "stuck" ? `changeover rollback ${upgrade.id}` : `changeover watch ${upgrade.id}`,
      });
    }
    await recordRequest(db, upgrade.id, "resume", asked.by, "");
    if (upgrade.abortedAt !== null) await postponeGates(db, upgrade.id, upgrade.abortedAt);
    await nextRound(db, upgrade.id, "forward", asked.boot);
    return true;
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
