/** What a plan means: which step comes next, when the way back is taken, and where it ends. Knows no database. */
import type { Plan } from "../model/plan.ts";
import type { ProblemData } from "../model/upgrade.ts";
import { type Definitions, GATE, type LaidStage, layOut, type PlannedStep } from "./layout.ts";
import { wayBackNow } from "./way-back.ts";

export interface Outcome {
  ok: boolean;
  /** Has its intent in the journal, so that the way back must undo it. */
  begun: boolean;
  /** May have changed something. */
  acted: boolean;
  /** Neither again nor back by itself: it was aborted, or a call to the world never ended. */
  needsPerson?: boolean;
  /** Ended because the way back was asked for, by someone who accepted what is lost since the reopening. */
  lossAccepted?: boolean;
  problem: ProblemData | null;
}

/** How often a failed step is tried again: not at all while there is a way back. */
export type Insist = "no" | "once-acted" | "yes";

export type End =
  | { state: "upgraded" }
  | { state: "rolled-back"; reason: ProblemData }
  | { state: "stuck"; problem: ProblemData };

/** Who does what the interpretation says. A step's failure is an outcome; what is thrown is the engine's own trouble. */
export interface Hands {
  apply(step: PlannedStep, insist: Insist): Promise<Outcome>;
  ask(step: PlannedStep): Promise<Outcome>;
  undo(step: PlannedStep): Promise<Outcome>;
  after(step: PlannedStep): Promise<Outcome>;
  turnBack(reason: ProblemData): Promise<void>;
  /** Accepts the end with null, or, when the way back was asked for at the last moment, says so instead. */
  finish(end: End): Promise<ProblemData | null>;
}

export type From =
  | { entry: "forward" }
  /** Continues a way back that got stuck: what had begun, by the journal. */
  | { entry: "way-back"; begun: number[]; reason: ProblemData };

export async function interpret(plan: Plan, definitions: Definitions, hands: Hands, from: From): Promise<End> {
  const end =
    from.entry === "forward"
      ? await goForward(plan, definitions, hands)
      : await goBack(plan, hands, new Set(from.begun), from.reason);
  const objection = await hands.finish(end);
  if (!objection) return end;
  const everything = layOut(plan.stages).flatMap((stage) => stage.steps);
  // Asked for too late: from the last step of a plan that reopens there is no undoing, whoever let the request pass.
  const { kind } = wayBackNow(
    definitions,
    everything.map(({ step }) => step),
  );
  const begun = new Set(everything.map(({ index }) => index));
  const instead: End =
    kind === "free" ? await goBack(plan, hands, begun, objection) : { state: "stuck", problem: objection };
  await hands.finish(instead);
  return instead;
}

async function goForward(plan: Plan, definitions: Definitions, hands: Hands): Promise<End> {
  const begun = new Set<number>();
  const acted: string[] = [];
  const forward = (step: PlannedStep): Promise<Outcome> =>
    step.step === GATE ? hands.ask(step) : hands.apply(step, insistence(definitions, acted, step.step));
  for (const stage of layOut(plan.stages)) {
    const tried = await goThrough(stage, async (step) => {
      const outcome = await forward(step);
      if (outcome.begun) begun.add(step.index);
      if (outcome.acted) acted.push(step.step);
      return outcome;
    });
    const problem = problemIn(tried);
    if (!problem) continue;
    const { kind } = wayBackNow(definitions, acted);
    const accepted = tried.some(({ outcome }) => outcome.lossAccepted);
    const open = kind === "free" || (kind === "priced" && accepted);
    const stay = !open || tried.some(({ outcome }) => outcome.needsPerson);
    return stay ? { state: "stuck", problem } : goBack(plan, hands, begun, problem);
  }
  return { state: "upgraded" };
}

function insistence(definitions: Definitions, acted: string[], step: string): Insist {
  if (wayBackNow(definitions, acted).kind !== "free") return "yes";
  return wayBackNow(definitions, [...acted, step]).kind === "free" ? "no" : "once-acted";
}

async function goBack(plan: Plan, hands: Hands, begun: Set<number>, reason: ProblemData): Promise<End> {
  await hands.turnBack(reason);
  for (const stage of layOut(plan.stages).reverse()) {
    const steps = stage.steps.filter(({ index }) => begun.has(index)).reverse();
    const problem = problemIn(await goThrough({ ...stage, steps }, (step) => hands.undo(step)));
    if (problem) return { state: "stuck", problem };
  }
  for (const stage of begun.size > 0 ? layOut(plan.afterWayBack) : []) {
    const problem = problemIn(await goThrough(stage, (step) => hands.after(step)));
    if (problem) return { state: "stuck", problem };
  }
  return { state: "rolled-back", reason };
}

interface Tried {
  step: PlannedStep;
  outcome: Outcome;
}

const problemIn = (tried: Tried[]): ProblemData | null =>
  tried.find(({ outcome }) => !outcome.ok)?.outcome.problem ?? null;

/** One after the other until one fails, or all at once; always started and reported in the plan's order. */
async function goThrough(stage: LaidStage, act: (step: PlannedStep) => Promise<Outcome>): Promise<Tried[]> {
  if (stage.parallel) {
    const settled = await Promise.allSettled(stage.steps.map(async (step) => ({ step, outcome: await act(step) })));
    const trouble = settled.find((one) => one.status === "rejected");
    if (trouble) throw trouble.reason;
    return settled.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  }
  const tried: Tried[] = [];
  for (const step of stage.steps) {
    const outcome = await act(step);
    tried.push({ step, outcome });
    if (!outcome.ok) break;
  }
  return tried;
}
