/** One control plane's hold on one upgrade: its token, its journal, its world, and the signals that stop it. */
import type { Clock } from "../model/clock.ts";
import { type Plan, planHash } from "../model/plan.ts";
import type { SessionsCut } from "../model/step.ts";
import { type Journal, type ProblemData, problemData, type UpgradeState } from "../model/upgrade.ts";
import type { World } from "../model/world.ts";
import { openOverrides } from "../store/inputs.ts";
import { requestsFor } from "../store/control-requests.ts";
import { journalFor, journalOf, StaleExecution } from "../store/journal.ts";
import type { Store } from "../store/store.ts";
import { gateInput } from "../steps/gate.ts";
import { hotFixesOf } from "../store/hot-fixes.ts";
import { type Entry, findUpgrade, lockUpgrade, setState, takeUpgrade } from "../store/upgrades.ts";
import { stepsOfFix } from "./fixes.ts";
import { askAtGate } from "./gates.ts";
import type { End, From, Hands, Outcome } from "./interpret.ts";
import { type Definitions, failingIndex, GATE, type PlannedStep } from "./layout.ts";
import { isStale } from "./limited.ts";
import { pausable } from "./pause.ts";
import { steady, steadyJournal } from "./steady.ts";
import { aborted, createStepRunner, type StepRunner } from "./step-runner.ts";
import { begunSteps, WayBackWanted } from "./way-back.ts";

/** What every upgrade of this control plane shares. */
export interface Surroundings {
  store: Store;
  definitions: Definitions;
  clock: Clock;
  world(environment: string, token: number): Promise<World>;
  pausesMs: readonly number[];
  /** Wraps the journal of each execution; tests stop the world in it. */
  journal?: (journal: Journal) => Journal;
  stopping: AbortSignal;
}

export interface RunInput {
  upgrade: string;
  plan: Plan;
  entry: Entry;
  yes: boolean;
}

export interface Execution {
  hands: Hands;
  from(): Promise<From>;
  /** Looks what people asked for: the way back ends the step that is on its way forward, an abort what only waits. */
  heed(): Promise<void>;
  close(): Promise<void>;
}

const GRACE_MS = 2_000;

/** Makes every earlier hold on the same upgrade stale. */
export async function openExecution(around: Surroundings, input: RunInput): Promise<Execution> {
  const { store, clock, stopping } = around;
  const { upgrade, plan } = input;
  const token = await steady(clock, stopping, () => takeUpgrade(store, upgrade));
  // A new one is only opened when the one before has ended.
  const round = (await steady(clock, stopping, () => findUpgrade(store, upgrade)))?.round ?? 1;
  const [asked, halt] = [new AbortController(), new AbortController()];
  const world = once(async () => claimAll(await around.world(plan.environment, token)));
  const state = (to: UpgradeState, because?: { reason?: string; problem?: ProblemData }): Promise<void> =>
    steady(clock, stopping, async () => {
      if (!(await setState(store, upgrade, token, to, because))) throw new StaleExecution(upgrade);
    });
  const kept = steadyJournal(clock, stopping, journalFor(store, upgrade, token));
  const written = pausable(
    {
      clock,
      stopping,
      cut: AbortSignal.any([asked.signal, halt.signal, stopping]),
      isPaused: () => steady(clock, stopping, async () => (await findUpgrade(store, upgrade))?.pausedAt != null),
      showPaused: () => state("paused"),
    },
    kept,
  );
  const journal = around.journal?.(written) ?? written;
  const shared = { upgrade, journal, clock, wayBackAsked: asked.signal, halted: halt.signal, stopping };
  const runner = createStepRunner({
    ...shared,
    round,
    definitions: around.definitions,
    world: world.get,
    openOverrides: () => steady(clock, stopping, () => openOverrides(store, plan.environment, clock.now())),
    failAt: failingIndex(plan),
    pausesMs: around.pausesMs,
    graceMs: GRACE_MS,
    sessionsCut: (index) => steady(clock, stopping, () => cutSince(store, upgrade, index)),
  });
  const gate = {
    ...shared,
    store,
    planHash: planHash(plan),
    yes: input.yes,
    atGate: () => state("at-gate"),
    apply: (step: PlannedStep) => runner.apply(step, "no"),
  };
  const heed = async (): Promise<void> => {
    const seen = await findUpgrade(store, upgrade);
    if (seen && seen.wayBackAt !== null)
      asked.abort(new WayBackWanted(seen.wayBackReason ?? "", seen.acceptedLoss !== null));
    if (seen && seen.abortedAt !== null)
      halt.abort(aborted({ by: seen.abortedBy ?? "", reason: seen.abortReason ?? "" }));
  };
  await steady(clock, stopping, heed);
  return {
    hands: {
      ...runner,
      ask: (step) => askAtGate(gate, step),
      undo: (step) => (step.step === GATE ? undoFixes(around, upgrade, journal, runner, step) : runner.undo(step)),
      turnBack: (reason) => state("rolling-back", { reason: `${reason.what}: ${reason.why}` }),
      finish: (end) => steady(clock, stopping, () => finish(store, upgrade, token, end)),
    },
    from: async () => (input.entry === "forward" ? { entry: "forward" } : continued(around, upgrade, journal)),
    heed,
    close: () => world.close(),
  };
}

/** Only what was said while this very step waits: another wait of the same upgrade is another question. */
async function cutSince(store: Store, upgrade: string, index: number): Promise<SessionsCut | null> {
  const asked = (await requestsFor(store, upgrade)).findLast(({ verb }) => verb === "cut-sessions");
  if (!asked) return null;
  const entries = await journalOf(store, upgrade);
  const begun = entries.find((entry) => entry.index === index && entry.direction === "apply");
  return begun && asked.at >= begun.intentAt ? { by: asked.by, reason: asked.reason } : null;
}

/** A gate itself changed nothing; a hot-fix that was run at it may still be running. */
async function undoFixes(
  { store, clock, stopping }: Surroundings,
  upgrade: string,
  journal: Journal,
  runner: StepRunner,
  gate: PlannedStep,
): Promise<Outcome> {
  const input = gateInput.parse(gate.input);
  const fixes = await steady(clock, stopping, () => hotFixesOf(store, upgrade));
  const begun = new Set(begunSteps(await journal.entries()));
  for (const fix of fixes.filter((one) => one.gate === input.gate).reverse()) {
    const [run] = stepsOfFix(input, fix);
    if (!run || !begun.has(run.index)) continue;
    const outcome = await runner.undo(run);
    if (!outcome.ok) return outcome;
  }
  return { ok: true, begun: false, acted: false, problem: null };
}

async function continued({ store, clock, stopping }: Surroundings, upgrade: string, journal: Journal): Promise<From> {
  const record = await steady(clock, stopping, () => findUpgrade(store, upgrade));
  const reason = problemData(new WayBackWanted(record?.wayBackReason ?? ""));
  return { entry: "way-back", begun: begunSteps(await journal.entries()), reason };
}

/** Under the row's lock, so that a request for the way back comes either before the end or not at all. */
function finish(store: Store, upgrade: string, token: number, end: End): Promise<ProblemData | null> {
  return store.transaction(async (db) => {
    const seen = await lockUpgrade(db, upgrade);
    if (!seen || seen.token !== token) throw new StaleExecution(upgrade);
    if (end.state === "upgraded" && seen.wayBackAt !== null)
      return problemData(new WayBackWanted(seen.wayBackReason ?? ""));
    await setState(db, upgrade, token, end.state, end.state === "stuck" ? { problem: end.problem } : {});
    return null;
  });
}

/** From here on no host obeys an earlier hold, however late what it sent arrives; one that is away is found out later. */
async function claimAll(world: World): Promise<World> {
  const { records } = await world.provider.survey(world.environment);
  const claim = async (name: string) => (await world.provider.open(world.environment, name)).claim();
  const claimed = await Promise.allSettled(records.map(({ name }) => claim(name)));
  const stale = claimed.find((one) => one.status === "rejected" && isStale(one.reason));
  if (stale?.status === "rejected") throw stale.reason;
  return world;
}

/** Made at first use, so that a world that can't be reached is a step's failure and not the engine's. */
function once(make: () => Promise<World>): { get(): Promise<World>; close(): Promise<void> } {
  let made: Promise<World> | null = null;
  return {
    get() {
      made ??= make().catch((error: unknown) => {
        made = null;
        throw error;
      });
      return made;
    },
    async close() {
      const world = await made?.catch(() => null);
      await world?.provider.close();
    },
  };
}
