/** What people see of one upgrade: the ladder of stages and steps, the gate, the way back and its price. Pure. */
import type { Evidence } from "../model/step.ts";
import type { Plan, PlanStep, Stage } from "../model/plan.ts";
import type {
  Direction,
  GateEvidence,
  GateRecord,
  JournalEntry,
  ProblemData,
  UpgradeRecord,
  UpgradeState,
} from "../model/upgrade.ts";

export type StepState = "waiting" | "now" | "done" | "failed" | "undoing" | "undone";

export interface StepView {
  name: string;
  says: string;
  state: StepState;
  durationMs: number | null;
  evidence: Evidence | null;
  problem: ProblemData | null;
}

export interface StageView {
  name: string;
  state: StepState;
  steps: StepView[];
}

export interface UpgradeView {
  id: string;
  environment: string;
  strategy: Plan["strategy"];
  from: string;
  to: string;
  planHash: string;
  state: UpgradeState;
  reason: string | null;
  problem: ProblemData | null;
  startedAt: number | null;
  endedAt: number | null;
  stages: StageView[];
  /** What follows the way back; empty while the upgrade goes forward. */
  after: StageView[];
  /** What was run at a gate to mend the new release; empty when nothing was. */
  fixes: StageView[];
  gate: GateView | null;
  /** Who keeps the next step from beginning; null when nobody does. */
  paused: { by: string; at: number } | null;
  /** What the way back would do and cost right now. */
  wayBack: string;
}

export interface GateView {
  name: string;
  question: string;
  askedAt: number;
  deadlineAt: number;
  atDeadline: GateRecord["atDeadline"];
  evidence: GateEvidence[];
  /** Why nobody may approve it now. */
  blocked: string | null;
  /** May a script mend the new release here? */
  takesFix: boolean;
}

export interface UpgradeFacts {
  record: UpgradeRecord;
  plan: Plan;
  entries: JournalEntry[];
  gates: GateRecord[];
}

const ENDED: readonly UpgradeState[] = ["upgraded", "rolled-back"];

export function viewUpgrade({ record, plan, entries: all, gates }: UpgradeFacts): UpgradeView {
  // What a script did stays: undoing it only ends one that still runs.
  const entries = plan.strategy === "run-script" ? all.filter(({ direction }) => direction !== "undo") : all;
  const back = entries.some(({ direction }) => direction !== "apply") || record.state === "rolling-back";
  const open = gates.find(({ answer }) => answer === null);
  const begun = lastBegunStage(plan, entries);
  return {
    id: record.id,
    environment: record.environment,
    strategy: plan.strategy,
    from: plan.from,
    to: plan.to,
    planHash: record.planHash,
    state: record.state,
    reason: record.reason,
    problem: record.problem,
    startedAt: record.startedAt,
    endedAt: record.endedAt,
    stages: viewStages(plan.stages, entries, "apply"),
    after: back ? viewStages(plan.afterWayBack, entries, "after") : [],
    fixes: viewFixes(plan, entries),
    gate: open && record.state === "at-gate" ? viewGate(plan, open) : null,
    paused: record.pausedAt === null ? null : { by: record.pausedBy ?? "", at: record.pausedAt },
    wayBack: ENDED.includes(record.state) ? "none: the upgrade has ended" : (begun?.wayBack ?? "nothing was done yet"),
  };
}

function viewGate(plan: Plan, open: GateRecord): GateView {
  const { gate, question, askedAt, deadlineAt, atDeadline, evidence, blocked } = open;
  const inputs = plan.stages
    .flatMap(({ steps }) => steps)
    .map(({ input }) => input as { gate?: string; fix?: unknown });
  const takesFix = inputs.some((input) => input.gate === gate && Boolean(input.fix));
  return { name: gate, question, askedAt, deadlineAt, atDeadline, evidence, blocked, takesFix };
}

/** They stand behind the plan's own steps in the journal, as stages of their own. */
function viewFixes(plan: Plan, entries: JournalEntry[]): StageView[] {
  const own = plan.stages.reduce((sum, { steps }) => sum + steps.length, 0);
  const beyond = entries.filter(({ index, direction }) => index >= own && direction === "apply");
  return [...new Set(beyond.map(({ stage }) => stage))].map((name) => {
    const indexes = [...new Set(beyond.filter(({ stage }) => stage === name).map(({ index }) => index))];
    const steps = indexes.map((index) => {
      const { step, says } = beyond.find((one) => one.index === index) as JournalEntry;
      return viewStep({ step, says, input: null }, index, entries, "apply");
    });
    return { name, state: stageState(steps), steps };
  });
}

function viewStages(stages: Stage[], entries: JournalEntry[], direction: Direction): StageView[] {
  let index = 0;
  return stages.map((stage) => {
    const steps = stage.steps.map((step) => viewStep(step, index++, entries, direction));
    return { name: stage.name, state: stageState(steps), steps };
  });
}

function viewStep(step: PlanStep, index: number, entries: JournalEntry[], direction: Direction): StepView {
  const tries = entries.filter((entry) => entry.index === index && entry.direction === direction);
  const undo =
    direction === "apply"
      ? entries.filter((entry) => entry.index === index && entry.direction === "undo").at(-1)
      : undefined;
  const last = tries.at(-1);
  return {
    name: step.step,
    says: step.says,
    state: stepState(last, undo),
    durationMs: last?.result ? tries.reduce((sum, { durationMs }) => sum + (durationMs ?? 0), 0) : null,
    evidence: last?.evidence ?? null,
    problem: undo?.problem ?? last?.problem ?? null,
  };
}

function stepState(last: JournalEntry | undefined, undo: JournalEntry | undefined): StepState {
  if (undo) return undo.result === "done" ? "undone" : "undoing";
  if (!last) return "waiting";
  if (last.result === null) return "now";
  return last.result;
}

function stageState(steps: StepView[]): StepState {
  for (const state of ["now", "undoing", "failed"] as const) {
    if (steps.some((step) => step.state === state)) return state;
  }
  if (steps.some((step) => step.state === "undone")) return "undone";
  if (steps.every((step) => step.state === "done")) return "done";
  return steps.some((step) => step.state === "done") ? "now" : "waiting";
}

function lastBegunStage(plan: Plan, entries: JournalEntry[]): Stage | undefined {
  const begun = new Set(entries.filter(({ direction }) => direction === "apply").map(({ index }) => index));
  let index = 0;
  let last: Stage | undefined;
  for (const stage of plan.stages) {
    if (stage.steps.some((_, offset) => begun.has(index + offset))) last = stage;
    index += stage.steps.length;
  }
  return last;
}
