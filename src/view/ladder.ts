/** Draws an upgrade as a ladder of lines: past stages folded, the one in flight open. Pure text, for terminal and plain output. */
import type { Evidence } from "../model/step.ts";
import type { GateView, StageView, StepState, StepView, UpgradeView } from "./upgrade-view.ts";

const MARK: Record<StepState, string> = {
  waiting: "·",
  now: "▸",
  done: "✓",
  failed: "✗",
  undoing: "↶",
  undone: "↩",
};

export interface LadderOptions {
  /** Show the steps of stages that are over, too. */
  open: boolean;
  columns: number;
}

export function drawLadder(view: UpgradeView, options: LadderOptions): string[] {
  const lines = [title(view)];
  for (const stage of [...view.stages, ...view.fixes, ...view.after]) lines.push(...drawStage(stage, options));
  lines.push(...drawEnd(view));
  return lines.map((line) => (line.length > options.columns ? `${line.slice(0, options.columns - 1)}…` : line));
}

function title(view: UpgradeView): string {
  const what = view.from === "" || view.from === view.to ? `release ${view.to}` : `${view.from} → ${view.to}`;
  return `${view.environment}: ${view.strategy} ${what} · ${view.state} · ${view.id}`;
}

function drawStage(stage: StageView, options: LadderOptions): string[] {
  const spent = stage.steps.reduce((sum, { durationMs }) => sum + (durationMs ?? 0), 0);
  const head = `${MARK[stage.state]} ${stage.name}${stage.state === "waiting" ? "" : `  ${seconds(spent)}`}`;
  const unfolded = options.open || !["done", "waiting", "undone"].includes(stage.state);
  return unfolded ? [head, ...stage.steps.flatMap(drawStep)] : [head];
}

function drawStep(step: StepView): string[] {
  const time = step.durationMs === null || step.state === "waiting" ? "" : `  ${seconds(step.durationMs)}`;
  const line = `  ${MARK[step.state]} ${step.says}${time}`;
  if (step.state === "now" && step.evidence) return [line, `      ${oneLine(drawFacts(step.evidence))}`];
  return step.problem ? [line, `      ${oneLine(`${step.problem.what} · ${step.problem.why}`)}`] : [line];
}

function drawEnd(view: UpgradeView): string[] {
  if (view.gate) return [...drawGate(view.id, view.gate), `Way back now: ${view.wayBack}`];
  if (view.paused && view.state === "paused")
    return [`Paused by ${view.paused.by} before the next step`, `  changeover resume ${view.id}`];
  if (view.state === "upgraded") return [];
  const lines = view.reason ? [`Reason: ${oneLine(view.reason)}`] : [];
  if (view.state !== "rolled-back") lines.push(`Way back now: ${view.wayBack}`);
  return lines;
}

/** The card of a gate: what is asked, what it is based on, until when, and the commands that answer it. */
export function drawGate(upgrade: string, gate: GateView): string[] {
  const { name, question, deadlineAt, atDeadline, evidence, blocked, takesFix } = gate;
  const answers = [`changeover approve ${upgrade} ${name}`, `changeover deny ${upgrade} ${name}`];
  if (takesFix) answers.push(`changeover fix ${upgrade} --script FILE`);
  return [
    `? Gate "${name}": ${question}`,
    ...evidence.map(({ says, facts }) => `    ${says}: ${drawFacts(facts)}`),
    ...(blocked === null ? [] : [`  shut: ${oneLine(blocked)}`]),
    `  until ${new Date(deadlineAt).toISOString()}, then ${atDeadline === "go-on" ? "it goes on by itself" : "the way back is taken"}`,
    `  ${answers.join(", or: ")}`,
  ];
}

export const drawFacts = (facts: Evidence): string =>
  Object.entries(facts)
    .map(([name, value]) => `${name} ${value}`)
    .join(", ");

export const seconds = (ms: number): string => (ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`);

/** What a program printed keeps its words and loses its line breaks. */
export const oneLine = (text: string): string =>
  text
    .trim()
    .split(/\s*\n\s*/)
    .join(" / ");
