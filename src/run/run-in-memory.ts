/** Runs a whole plan without a control database: for proving laws on a simulated world, and for rehearsing. */
import type { Clock } from "../model/clock.ts";
import type { Plan } from "../model/plan.ts";
import type { OpenOverride } from "../model/inputs/override.ts";
import type { SessionsCut } from "../model/step.ts";
import type { World } from "../model/world.ts";
import type { JournalEntry } from "../model/upgrade.ts";
import { problemData } from "../model/upgrade.ts";
import { type End, type From, type Hands, interpret, type Outcome } from "./interpret.ts";
import { type Definitions, failingIndex, type PlannedStep } from "./layout.ts";
import { type MemoryJournal, memoryJournal } from "./memory-journal.ts";
import { acceptedIn, createStepRunner } from "./step-runner.ts";
import { begunSteps, WayBackWanted } from "./way-back.ts";

export interface MemoryRun {
  plan: Plan;
  definitions: Definitions;
  world: World;
  clock: Clock;
  upgrade: string;
  /** The same one again continues an earlier run, as after a crash. */
  journal?: MemoryJournal;
  /** Null lets the gate pass; a problem takes the way back. Passes when left out. */
  ask?: (step: PlannedStep) => Promise<Outcome["problem"]>;
  /** Abort it, with a Problem as its reason, to ask for the way back in the middle of a step. */
  wayBackAsked?: AbortSignal;
  entry?: From["entry"];
  /** Inputs that are lent to servers or groups at that moment; none when left out. */
  overrides?: () => OpenOverride[];
  /** Another number than before starts anew what ended badly, as when people resume a stuck upgrade. */
  round?: number;
  pausesMs?: readonly number[];
  /** Who says that open sessions may be cut; nobody when left out. */
  sessionsCut?: (index: number) => Promise<SessionsCut | null>;
}

export async function runInMemory(run: MemoryRun): Promise<{ end: End; entries: JournalEntry[] }> {
  const journal = run.journal ?? memoryJournal(run.upgrade, run.clock);
  const wayBackAsked = run.wayBackAsked ?? new AbortController().signal;
  wayBackAsked.addEventListener("abort", () => {
    journal.askWayBack(problemData(wayBackAsked.reason).why, acceptedIn(wayBackAsked));
  });
  const runner = createStepRunner({
    upgrade: run.upgrade,
    round: run.round ?? 1,
    journal,
    definitions: run.definitions,
    world: async () => run.world,
    openOverrides: async () => run.overrides?.() ?? [],
    clock: run.clock,
    wayBackAsked,
    halted: new AbortController().signal,
    stopping: new AbortController().signal,
    failAt: failingIndex(run.plan),
    pausesMs: run.pausesMs ?? [1_000, 5_000, 15_000],
    sessionsCut: run.sessionsCut,
    graceMs: 2_000,
  });
  const from: From =
    run.entry === "way-back"
      ? {
          entry: "way-back",
          begun: begunSteps(await journal.entries()),
          reason: problemData(new WayBackWanted("continued")),
        }
      : { entry: "forward" };
  const named = (direction: string, { index }: PlannedStep) => `${run.round ?? 1} ${direction} ${index}`;
  const hands: Hands = {
    apply: (step, insist) => journal.once(named("apply", step), () => runner.apply(step, insist)),
    undo: (step) => journal.once(named("undo", step), () => runner.undo(step)),
    after: (step) => journal.once(named("after", step), () => runner.after(step)),
    async ask(step: PlannedStep): Promise<Outcome> {
      const problem = (await run.ask?.(step)) ?? null;
      return { ok: !problem, begun: false, acted: false, lossAccepted: acceptedIn(wayBackAsked), problem };
    },
    turnBack: async () => {},
    async finish(end: End) {
      const reason = journal.wayBackReason();
      return end.state === "upgraded" && reason !== null ? problemData(new WayBackWanted(reason)) : null;
    },
  };
  const end = await interpret(run.plan, run.definitions, hands, from);
  return { end, entries: await journal.entries() };
}
