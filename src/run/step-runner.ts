/** Runs one step of a plan: intent into the journal, look, act, prove, result into the journal. */
import type { Clock } from "../model/clock.ts";
import { Problem } from "../model/problem.ts";
import type { Evidence, SessionsCut, StepContext, StepDefinition } from "../model/step.ts";
import { type Direction, type Journal, type JournalEntry, type ProblemData, problemData } from "../model/upgrade.ts";
import type { World } from "../model/world.ts";
import type { Insist, Outcome } from "./interpret.ts";
import type { Definitions, PlannedStep } from "./layout.ts";
import { isStale, limited } from "./limited.ts";
import { trackWorld, Unsettled } from "./tracked-world.ts";
import { contextFor, type Known } from "./step-context.ts";
import { WayBackWanted } from "./way-back.ts";

export interface RunnerParts {
  upgrade: string;
  round: number;
  journal: Journal;
  definitions: Definitions;
  world(): Promise<World>;
  /** Inputs that are lent to the environment's servers or groups right now. */
  openOverrides: StepContext["openOverrides"];
  clock: Clock;
  /** Aborted when the way back is asked for; ends the step that is on its way forward. */
  wayBackAsked: AbortSignal;
  /** Aborted when somebody told the upgrade to start nothing more: what runs may end, what only waits is cut short. */
  halted: AbortSignal;
  /** Aborted when the control plane stops: everything is left as a crash would leave it. */
  stopping: AbortSignal;
  /** Index of the step that must fail, for rehearsing. */
  failAt: number | null;
  /** Who said, since the step of this index began, that open sessions may be cut; nobody when left out. */
  sessionsCut?: (index: number) => Promise<SessionsCut | null>;
  /** Between tries of a step that must not fail. */
  pausesMs: readonly number[];
  /** For a step to end after it was told to. */
  graceMs: number;
}

export interface StepRunner {
  apply(step: PlannedStep, insist: Insist): Promise<Outcome>;
  undo(step: PlannedStep): Promise<Outcome>;
  after(step: PlannedStep): Promise<Outcome>;
}

export function createStepRunner(parts: RunnerParts): StepRunner {
  return {
    apply: (step, insist) => insisting(parts, insist, parts.wayBackAsked, () => tryOnce(parts, step, "apply")),
    after: (step) => insisting(parts, "yes", parts.stopping, () => tryOnce(parts, step, "after")),
    async undo(step) {
      if (parts.definitions.has(step.step) && !parts.definitions.get(step.step)?.undo) return NOTHING_TO_UNDO;
      return insisting(parts, "yes", parts.stopping, () => tryOnce(parts, step, "undo"));
    },
  };
}

const NOTHING_TO_UNDO: Outcome = { ok: true, begun: false, acted: false, problem: null };

async function insisting(
  parts: RunnerParts,
  insist: Insist,
  stop: AbortSignal,
  once: () => Promise<Outcome>,
): Promise<Outcome> {
  let outcome = await once();
  for (const pauseMs of parts.pausesMs) {
    const again =
      !outcome.ok &&
      !outcome.needsPerson &&
      outcome.begun &&
      (insist === "yes" || (insist === "once-acted" && outcome.acted));
    if (!again || stop.aborted) break;
    await parts.clock.sleep(pauseMs, stop).catch(() => {});
    const next = await once();
    outcome = { ...next, begun: true, acted: outcome.acted || next.acted };
  }
  return outcome;
}

async function tryOnce(parts: RunnerParts, step: PlannedStep, direction: Direction): Promise<Outcome> {
  const begin = await parts.journal.begin(step, direction);
  if (begin.kind === "done-before") return { ok: true, begun: true, acted: true, problem: null };
  if (begin.kind === "way-back-asked") return refused(new WayBackWanted(begin.reason, begin.lossAccepted), begin.begun);
  if (begin.kind === "aborted") return { ...refused(aborted(begin), begin.begun), needsPerson: true };
  if (begin.kind === "paused") throw new Error("a paused journal waits before it answers");
  // Nobody saw how an interrupted try ended, so it may have acted.
  const progress: Progress = {
    index: step.index,
    sequence: begin.sequence,
    told: {},
    needsPerson: false,
    acted: begin.interrupted,
    foundDone: false,
    interrupted: begin.interrupted,
  };
  const outcome = await perform(parts, step, direction, progress);
  if (parts.stopping.aborted) return new Promise<never>(() => {});
  await parts.journal.end(begin.sequence, {
    result: outcome.problem ? "failed" : "done",
    acted: progress.acted,
    foundDone: progress.foundDone,
    ...outcome,
  });
  const { acted, needsPerson } = progress;
  const lossAccepted = direction === "apply" && outcome.problem !== null && acceptedIn(parts.wayBackAsked);
  return { ok: !outcome.problem, begun: true, acted, needsPerson, lossAccepted, problem: outcome.problem };
}

interface Progress {
  index: number;
  /** Of its intent in the journal. */
  sequence: number;
  /** What it has shown people so far. */
  told: Evidence;
  /** Something that the step began never ended, or it was aborted: neither again nor back by itself. */
  needsPerson: boolean;
  acted: boolean;
  foundDone: boolean;
  interrupted: boolean;
}

interface Performed {
  evidence: Evidence | null;
  problem: ProblemData | null;
}

/** Whatever the step throws is data from here on; only a newer control plane's claim is not ours to judge. */
async function perform(
  parts: RunnerParts,
  step: PlannedStep,
  direction: Direction,
  progress: Progress,
): Promise<Performed> {
  try {
    const definition = definitionOf(parts, step);
    const input = readInput(definition, step);
    const stop = stopFor(parts, definition, direction);
    const limit = { ms: definition.limitMs(input), says: step.says, stop };
    const evidence = await untilSettled(parts, limit, progress, (context) => {
      if (direction === "undo") return undo(definition, context, input, progress);
      return forward(definition, context, input, progress, direction === "apply" && parts.failAt === step.index);
    });
    const all = { ...progress.told, ...(evidence && (await discreet(parts, evidence))) };
    return { evidence: evidence || Object.keys(all).length > 0 ? all : null, problem: null };
  } catch (error) {
    if (isStale(error)) throw error;
    progress.needsPerson = error instanceof Unsettled || parts.halted.aborted;
    const { told } = progress;
    const evidence = Object.keys(told).length > 0 ? told : null;
    return { evidence, problem: await discreet(parts, problemData(error)) };
  }
}

function stopFor(parts: RunnerParts, definition: StepDefinition, direction: Direction): AbortSignal {
  if (direction !== "apply") return parts.stopping;
  const always = [parts.wayBackAsked, parts.stopping];
  return AbortSignal.any(definition.waits ? [...always, parts.halted] : always);
}

/** Over only when nothing that the step began is in flight any more, however it ended. */
async function untilSettled<T>(
  parts: RunnerParts,
  limit: { ms: number; says: string; stop: AbortSignal },
  progress: Progress,
  work: (context: StepContext) => Promise<T>,
): Promise<T> {
  const { clock, upgrade, round, journal, openOverrides, world: whole, graceMs } = parts;
  const over = new AbortController();
  const known: Known = {
    openOverrides,
    evidenceOf: (step, like) => evidenceIn(journal, step, like),
    sessionsCut: async () => (await parts.sessionsCut?.(progress.index)) ?? null,
    async tell(facts) {
      Object.assign(progress.told, await discreet(parts, facts));
      // Whoever has taken over finds out at the next intent; nobody loses anything by news that did not arrive.
      await journal.tell(progress.sequence, progress.told).catch(() => {});
    },
  };
  const { world, settled } = trackWorld(await whole(), over.signal);
  const begin = (signal: AbortSignal): Promise<T> => {
    signal.addEventListener("abort", () => over.abort(signal.reason), { once: true });
    if (signal.aborted) over.abort(signal.reason);
    return work(contextFor(clock, { upgrade, round }, world, signal, known));
  };
  try {
    return await limited({ ...limit, clock, graceMs, settled: () => settled(clock) }, begin);
  } finally {
    await settled(clock);
    over.abort(new Error("the step is over"));
  }
}

/** What a program printed may hold what it was given. */
async function discreet<T extends Evidence | ProblemData>(parts: RunnerParts, told: T): Promise<T> {
  const world = await parts.world().catch(() => null);
  if (!world) return told;
  const redacted = Object.entries(told).map(([key, one]) => [
    key,
    typeof one === "string" && key !== "kind" ? world.redact(one) : one,
  ]);
  return Object.fromEntries(redacted) as T;
}

async function forward(
  definition: StepDefinition,
  context: StepContext,
  input: unknown,
  progress: Progress,
  mustFail: boolean,
): Promise<Evidence | null> {
  const found = progress.interrupted ? await lookAround(definition, context, input) : null;
  if (!found) {
    await definition.check?.(context, input);
    progress.acted = true;
    await definition.apply(context, input);
  }
  if (mustFail) throw toldToFail(definition.name);
  progress.foundDone = found !== null;
  return found ?? definition.verify(context, input);
}

/** After a crash: does it hold already? Asked once, without waiting for it to become true. */
async function lookAround(definition: StepDefinition, context: StepContext, input: unknown): Promise<Evidence | null> {
  try {
    return await definition.verify({ ...context, until: async (_within, look) => (await look()) || null }, input);
  } catch (error) {
    if (isStale(error) || context.signal.aborted) throw error;
    return null;
  }
}

async function undo(
  definition: StepDefinition,
  context: StepContext,
  input: unknown,
  progress: Progress,
): Promise<Evidence | null> {
  progress.acted = true;
  return (await definition.undo?.(context, input)) ?? null;
}

function definitionOf({ definitions }: RunnerParts, { step }: PlannedStep): StepDefinition {
  const definition = definitions.get(step);
  if (definition) return definition;
  throw new Problem("bad-input", {
    what: `there is no step "${step}"`,
    why: "this release does not know it",
    next: "use the release that made the plan, or: changeover plan",
  });
}

function readInput(definition: StepDefinition, { says, input }: PlannedStep): unknown {
  const read = definition.input.safeParse(input);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw new Problem("bad-input", {
    what: `"${says}" has a bad input`,
    why: `${issue?.path.join(".") || "it"}: ${issue?.message}`,
    next: "changeover plan",
  });
}

const toldToFail = (name: string): Problem =>
  new Problem("step-failed", {
    what: `told to fail at "${name}"`,
    why: "the upgrade was started with --fail-at, to rehearse the way back",
    next: "changeover report",
  });

/** A try that a crash cut short may have acted. */
const refused = (problem: Problem, begun: boolean): Outcome => ({
  ok: false,
  begun,
  acted: begun,
  lossAccepted: problem instanceof WayBackWanted && problem.lossAccepted,
  problem: problemData(problem),
});

export const aborted = ({ by, reason }: { by: string; reason: string }): Problem =>
  new Problem("refused", {
    what: `aborted by ${by}`,
    why: reason,
    next: "changeover resume, or take the way back: changeover rollback",
  });

export const acceptedIn = ({ aborted, reason }: AbortSignal): boolean =>
  aborted && reason instanceof WayBackWanted && reason.lossAccepted;

async function evidenceIn(journal: Journal, step: string, like: Evidence = {}): Promise<Evidence | null> {
  const facts = Object.entries(like);
  const done = (entry: JournalEntry) =>
    entry.step === step &&
    entry.direction === "apply" &&
    entry.result === "done" &&
    facts.every(([name, value]) => entry.evidence?.[name] === value);
  return (await journal.entries()).findLast(done)?.evidence ?? null;
}
