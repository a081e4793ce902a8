/** The engine: runs upgrades durably on the control database, and goes on after a crash from what the world shows. */
import { DBOS } from "@dbos-inc/dbos-sdk";
import type { Clock } from "../model/clock.ts";
import type { Loss } from "../model/loss.ts";
import type { Plan } from "../model/plan.ts";
import { Problem } from "../model/problem.ts";
import type { FixAccount, Journal } from "../model/upgrade.ts";
import type { World } from "../model/world.ts";
import { recordRequest } from "../store/control-requests.ts";
import { findPlan } from "../store/plans.ts";
import { openSession } from "../store/session.ts";
import type { Store } from "../store/store.ts";
import { takeBoot, takeToken } from "../store/tokens.ts";
import { findUpgrade } from "../store/upgrades.ts";
import type { Execution } from "./execution.ts";
import { answer } from "./gates.ts";
import type { Definitions } from "./layout.ts";
import { repeat } from "./repeat.ts";
import {
  type Begin,
  requestAbort,
  requestCutSessions,
  requestFix,
  requestPause,
  requestResume,
  requestUpgrade,
  requestWayBack,
} from "./requests.ts";
import { forgetOldRuns } from "./retention.ts";
import { createSweep, executorOf, startPromised } from "./takeover.ts";
import { ENGINE_VERSION, useSurroundings } from "./workflow.ts";

export interface EngineOptions {
  store: Store;
  url: string;
  /** Brings the embedded server back; left out for one that others look after. */
  revive?: () => Promise<unknown>;
  steps: Definitions;
  /** The world as the holder of this token may change it. Closed through its provider when the run ends. */
  world(environment: string, token: number): Promise<World>;
  clock: Clock;
  /** How long another control plane must be dead before its upgrades are taken over; 0 when there is only one. */
  takeoverMs: number;
  /** Between tries of what must not fail, in milliseconds. */
  pausesMs?: readonly number[];
  /** Called when our sign of life was lost so long that others may have taken over; ends the process unless told. */
  onLost?: () => void;
  log?: (line: string) => void;
  /** Wraps each upgrade's journal. */
  journal?: (journal: Journal) => Journal;
}

export interface Engine {
  /** This control plane, among all that ever ran on the database. */
  readonly boot: number;
  /** Its fencing token; each upgrade runs under a newer one of its own. */
  readonly token: number;
  readonly definitions: Definitions;
  /** Gives the upgrade's id. */
  startUpgrade(plan: Plan, options: Begin): Promise<string>;
  approve(upgrade: string, gate: string, by: string, planHash: string): Promise<void>;
  deny(upgrade: string, gate: string, by: string, planHash: string): Promise<void>;
  /**
   * Asks for the way back, or continues one that is stuck. Refused when there is none, and after reopening while
   * no loss is accepted.
   */
  rollback(upgrade: string, by: string, reason: string, accepted?: Loss | null): Promise<void>;
  /** Stops before the next step on the way forward. */
  pause(upgrade: string, by: string): Promise<void>;
  /** Starts nothing more and waits for a person. */
  abort(upgrade: string, by: string, reason: string): Promise<void>;
  /** Servers that are about to be retired are not waited for any longer. */
  cutSessions(upgrade: string, by: string, reason: string): Promise<void>;
  /** Runs a script on the new release while it waits at the gate, which asks again afterwards. Gives its number. */
  fix(fix: FixRequest): Promise<number>;
  /** Ends a pause, or continues an upgrade that is stuck on its way forward. */
  resume(upgrade: string, by: string): Promise<void>;
  /** Leaves every upgrade where it is, as a crash would; the next engine goes on. */
  stop(): Promise<void>;
}

export interface FixRequest {
  upgrade: string;
  gate: string;
  script: string;
  account: FixAccount;
  by: string;
  planHash: string;
}

const SWEEP_EVERY_MS = 2_000;
const FORGET_EVERY_MS = 24 * 3_600_000;
const PAUSES_MS = [1_000, 5_000, 15_000];
const MUST_RESTART = 75;

export async function startEngine(options: EngineOptions): Promise<Engine> {
  const { store, clock } = options;
  const stopping = new AbortController();
  const [boot, token] = [await takeBoot(store), await takeToken(store)];
  const live = useSurroundings({
    store,
    definitions: options.steps,
    clock,
    world: options.world,
    pausesMs: options.pausesMs ?? PAUSES_MS,
    journal: options.journal,
    stopping: stopping.signal,
  });
  const session = await openSession({
    url: options.url,
    channel: "changeover_requests",
    lock: boot,
    revive: options.revive,
    lostAfterMs: options.takeoverMs > 0 ? options.takeoverMs * (2 / 3) : undefined,
    onLost: options.onLost ?? (() => process.exit(MUST_RESTART)),
    onChange: (upgrade) => heedAll(live, upgrade),
  });
  await launch(options.url, boot);
  const sweep = createSweep({ store, session, clock, boot, takeoverMs: options.takeoverMs });
  const background = repeat(
    async () => {
      await sweep();
      heedAll(live, null);
    },
    SWEEP_EVERY_MS,
    options.log ?? console.error,
  );
  const retention = repeat(() => forgetOldRuns(clock.now()), FORGET_EVERY_MS, options.log ?? console.error);
  return {
    boot,
    token,
    definitions: options.steps,
    ...faceOf(options, boot),
    async stop() {
      stopping.abort(new Error("the control plane stops"));
      await Promise.all([background.stop(), retention.stop()]);
      await Promise.all([...live.values()].map((execution) => execution.close()));
      await DBOS.shutdown();
      useSurroundings(null);
      await session.close();
    },
  };
}

function faceOf(
  { store, clock, steps }: EngineOptions,
  boot: number,
): Omit<Engine, "boot" | "token" | "definitions" | "stop"> {
  const start = async (id: string): Promise<void> => {
    const upgrade = await findUpgrade(store, id);
    if (upgrade) await startPromised(store, upgrade);
  };
  const answered = async (verb: "approve" | "deny", upgrade: string, gate: string, by: string, planHash: string) => {
    await answer(store, clock, { upgrade, gate, by, planHash, answer: verb === "approve" ? "approved" : "denied" });
    await recordRequest(store, upgrade, verb, by, gate);
  };
  return {
    async startUpgrade(plan, asked) {
      const id = await requestUpgrade(store, steps, plan, { ...asked, boot });
      await start(id);
      return id;
    },
    approve: (upgrade, gate, by, planHash) => answered("approve", upgrade, gate, by, planHash),
    deny: (upgrade, gate, by, planHash) => answered("deny", upgrade, gate, by, planHash),
    async rollback(upgrade, by, reason, loss = null) {
      if (await requestWayBack(store, steps, { upgrade, by, reason, loss, boot })) await start(upgrade);
    },
    pause: (upgrade, by) => requestPause(store, { upgrade, by }),
    abort: (upgrade, by, reason) => requestAbort(store, { upgrade, by, reason }),
    cutSessions: (upgrade, by, reason) => requestCutSessions(store, { upgrade, by, reason }),
    async fix(fix) {
      const plan = await findPlan(store, fix.planHash);
      if (plan) return requestFix(store, clock, plan, fix);
      throw new Problem("not-found", {
        what: `there is no plan ${fix.planHash}`,
        why: "it was never made here",
        next: "changeover status",
      });
    },
    async resume(upgrade, by) {
      if (await requestResume(store, { upgrade, by, boot })) await start(upgrade);
    },
  };
}

/** A lost notification is made up for by the next sweep. */
function heedAll(live: Map<string, Execution>, upgrade: string | null): void {
  for (const [id, execution] of live) {
    if (upgrade === null || upgrade === id) execution.heed().catch(() => {});
  }
}

async function launch(url: string, boot: number): Promise<void> {
  DBOS.setConfig({
    name: "changeover",
    systemDatabaseUrl: url,
    systemDatabasePoolSize: 6,
    executorID: executorOf(boot),
    applicationVersion: ENGINE_VERSION,
    logLevel: "error",
    // Nothing waits for its messages: gates and requests are rows of ours.
    useListenNotify: false,
  });
  await DBOS.launch();
}
