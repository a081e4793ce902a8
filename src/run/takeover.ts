/** Keeps every promised upgrade running: takes over from dead control planes, and names what the engine gave up. */
import { DBOS } from "@dbos-inc/dbos-sdk";
import { DBOSExecutor } from "@dbos-inc/dbos-sdk/internal/dbos-executor";
import type { Clock } from "../model/clock.ts";
import { Problem } from "../model/problem.ts";
import { problemData } from "../model/upgrade.ts";
import { findPlan } from "../store/plans.ts";
import { type Session, whileDead } from "../store/session.ts";
import type { Store } from "../store/store.ts";
import { lockUpgrade, setState, takeUpgrade, type UpgradeRun, unfinishedUpgrades } from "../store/upgrades.ts";
import { ENGINE_VERSION, startWorkflow, workflowId } from "./workflow.ts";

export interface TakeoverParts {
  store: Store;
  session: Session;
  clock: Clock;
  /** Our own boot. */
  boot: number;
  /** How long a control plane must have been dead. */
  takeoverMs: number;
}

export const executorOf = (boot: number): string => `boot-${boot}`;
const bootOf = (executor: string): number => Number(/^boot-(\d+)$/.exec(executor)?.[1] ?? Number.NaN);

export function createSweep(parts: TakeoverParts): () => Promise<void> {
  const deadSince = new Map<number, number>();
  return async () => {
    const { client } = parts.session;
    if (!client) return;
    const isDead = (boot: number, work: () => Promise<void>): Promise<boolean> =>
      whileDead(client, boot, async () => {
        const since = deadSince.get(boot) ?? parts.clock.now();
        deadSince.set(boot, since);
        if (parts.clock.now() - since >= parts.takeoverMs) await work();
      }).then((dead) => dead || !deadSince.delete(boot));
    await takeOverRuns(parts.boot, isDead);
    for (const upgrade of await unfinishedUpgrades(parts.store)) {
      if (upgrade.state !== "stuck") await keepPromise(parts, upgrade, isDead);
    }
  };
}

type IsDead = (boot: number, work: () => Promise<void>) => Promise<boolean>;

/** Whoever can take the lock of a run's owner knows that the owner is dead. */
async function takeOverRuns(own: number, isDead: IsDead): Promise<void> {
  const pending = await DBOS.listWorkflows({
    status: "PENDING",
    applicationVersion: ENGINE_VERSION,
    loadInput: false,
    loadOutput: false,
  });
  const owners = new Set(pending.map(({ executorId }) => executorId ?? ""));
  for (const owner of owners) {
    const boot = bootOf(owner);
    if (boot === own || Number.isNaN(boot)) continue;
    await isDead(boot, async () => {
      await DBOSExecutor.globalInstance?.recoverPendingWorkflows([owner]);
    });
  }
}

/** A crash between the row and its workflow leaves a promise; an error of the engine leaves an upgrade that nobody runs. */
async function keepPromise(parts: TakeoverParts, upgrade: UpgradeRun, isDead: IsDead): Promise<void> {
  const status = await DBOS.getWorkflowStatus(workflowId(upgrade.id, upgrade.round));
  if (!status) {
    const start = (): Promise<void> => startPromised(parts.store, upgrade);
    if (upgrade.boot === parts.boot) return start();
    await isDead(upgrade.boot, start);
    return;
  }
  if (!["ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"].includes(status.status)) return;
  await parts.store.transaction(async (db) => {
    const now = await lockUpgrade(db, upgrade.id);
    if (now?.round !== upgrade.round) return;
    const token = await takeUpgrade(db, upgrade.id);
    await setState(db, upgrade.id, token, "stuck", { problem: problemData(gaveUp(upgrade, status.error)) });
  });
}

export async function startPromised(store: Store, { id, planHash, entry, options, round }: UpgradeRun): Promise<void> {
  const plan = await findPlan(store, planHash);
  if (plan) await startWorkflow({ upgrade: id, plan, entry, yes: options.yes }, round);
}

const gaveUp = ({ id, wayBackAt }: UpgradeRun, error: unknown): Problem =>
  new Problem("step-failed", {
    what: `the engine stopped running "${id}"; nothing was undone`,
    why: error instanceof Error ? error.message : "its run was cancelled",
    next: wayBackAt === null ? `changeover resume ${id}, or: changeover rollback ${id}` : `changeover rollback ${id}`,
  });
