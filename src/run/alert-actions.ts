/** Does what an alert has to do, once, and says how it ended; every outcome is in the activity log. */
import type { Action } from "../model/alerts/action.ts";
import { actionInWords } from "../model/alerts/action.ts";
import type { Message } from "../model/alerts/message.ts";
import type { AlertTask, Outcome } from "../model/alerts/task.ts";
import type { Activity } from "../model/activity.ts";
import type { Clock } from "../model/clock.ts";
import { lockedBy, lockedThing } from "../model/lock.ts";
import { isUpgrade, type Plan } from "../model/plan.ts";
import { problemData } from "../model/upgrade.ts";
import { findPlan } from "../store/plans.ts";
import type { Store } from "../store/store.ts";
import { unfinishedUpgrade } from "../store/upgrades.ts";
import { readLockFacts, rule } from "./locks.ts";
import { requestPause } from "./requests.ts";

export interface ActionParts {
  store: Store;
  clock: Clock;
  /** Throws a Problem when nobody set it. */
  credential(environment: string, name: string): string;
  send(message: Message, to: { url: string; secret: string | null }): Promise<void>;
  /** Starts an operational script as a run of its own; it is watched there. */
  runScript(asked: { environment: string; server: string; script: string }, by: string): Promise<void>;
  record(done: Omit<Activity, "at">): Promise<void>;
}

/** Why a lock denies what an alert would change, on one server or anywhere; messages and pauses are never denied. */
export async function whyLocked(store: Store, environment: string, servers: string[] = []): Promise<string | null> {
  const facts = await readLockFacts(store, environment);
  const ruling = rule(facts, { verb: "alert-script", asker: "alert", servers });
  if (ruling.allowed || ruling.by === "run" || ruling.by === "asker") return null;
  const lock = facts.locks.find(({ server }) => server === null || servers.includes(server));
  return lock ? `${lockedThing(lock)} is ${lockedBy(lock)}` : ruling.why;
}

export async function act(parts: ActionParts, task: AlertTask): Promise<Outcome> {
  const { environment, alert, target } = task.message;
  const ended = await attempt(parts, task).catch((error): Outcome => {
    const { what, why } = problemData(error);
    return { outcome: "failed", why: `${what}: ${why}` };
  });
  await recordAction(parts, { environment, alert, target }, task.action, ended, task.message.synthetic);
  return ended;
}

export async function recordAction(
  { record }: Pick<ActionParts, "record">,
  { environment, alert, target }: { environment: string; alert: string; target: string },
  action: Action,
  { outcome, why }: Outcome,
  synthetic: boolean,
): Promise<void> {
  const made = synthetic ? "SYNTHETIC: " : "";
  const added = outcome === "done" && why !== null ? ` (${why})` : "";
  await record({
    by: `alert ${alert}`,
    environment,
    upgrade: null,
    says: `${made}${actionInWords(action, target)}, for ${target}${added}`,
    problem: outcome === "done" ? null : why,
  });
}

const DONE: Outcome = { outcome: "done", why: null };

async function attempt(parts: ActionParts, { action, message }: AlertTask): Promise<Outcome> {
  if (action.kind === "notify") return notify(parts, action, message);
  if (action.kind === "pause") return pause(parts, message);
  // Votes are cast where it is decided that they stand.
  if (action.kind === "vote") return DONE;
  const locked = await whyLocked(parts.store, message.environment, [action.server ?? message.target]);
  if (locked !== null) return { outcome: "denied", why: locked };
  await script(parts, action, message);
  return DONE;
}

async function notify(
  { credential, send }: ActionParts,
  { url, secret }: Extract<Action, { kind: "notify" }>,
  message: Message,
): Promise<Outcome> {
  const value = (named: { credential: string }): string => credential(message.environment, named.credential);
  await send(message, {
    url: typeof url === "string" ? url : value(url),
    secret: secret === null ? null : value(secret),
  });
  return DONE;
}

const script = (
  { runScript }: ActionParts,
  { script: name, server }: Extract<Action, { kind: "run" }>,
  { environment, alert, target }: Message,
): Promise<void> => runScript({ environment, server: server ?? target, script: name }, `alert ${alert}`);

/** A backup that stands still would keep its replica from replicating: only what changes the release is paused. */
const isPausable = ({ strategy }: Plan): boolean => isUpgrade(strategy);

async function pause({ store }: ActionParts, message: Message): Promise<Outcome> {
  const { environment, alert } = message;
  const upgrade = await unfinishedUpgrade(store, environment);
  if (!upgrade) return { outcome: "nothing", why: "no upgrade is under way" };
  const plan = await findPlan(store, upgrade.planHash);
  if (!plan || !isPausable(plan)) {
    return { outcome: "nothing", why: `what is under way is a ${plan?.strategy}, and only upgrades are paused` };
  }
  await requestPause(store, { upgrade: upgrade.id, by: `alert ${alert}`, reason: message.says });
  return { outcome: "done", why: `${upgrade.id} pauses before its next step; go on: changeover resume ${upgrade.id}` };
}
