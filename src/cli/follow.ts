/** Follows an upgrade until it ends: a ladder that repaints itself on a terminal, plain lines elsewhere. */
import { setTimeout as sleep } from "node:timers/promises";
import { Problem } from "../model/problem.ts";
import { drawFacts, drawGate, drawLadder, oneLine, seconds } from "../view/ladder.ts";
import type { StepView, UpgradeView } from "../view/upgrade-view.ts";
import type { Client } from "./client.ts";
import { ensureControlPlane } from "./control-plane-process.ts";

const OVER = ["upgraded", "rolled-back", "stuck"];

export interface FollowOptions {
  home: string;
  upgrade: string;
  signal: AbortSignal;
  /** At a gate: stop following and give the view, or go on waiting. */
  stopAtGate: boolean;
  /** A gate that was asked at this time is not stopped at: it is asked again soon. */
  notBefore?: number;
}

/** The last view seen: ended, or at a gate, or as it was when the signal came. */
export async function follow(client: Client, options: FollowOptions): Promise<UpgradeView> {
  const paint = process.stderr.isTTY ? repaint() : plainLines();
  let seen: UpgradeView | null = null;
  while (!options.signal.aborted) {
    try {
      for await (const view of client.views(options.upgrade, options.signal)) {
        seen = view;
        paint(view);
        if (OVER.includes(view.state) || (options.stopAtGate && isAsked(view, options))) return view;
      }
    } catch (error) {
      if (options.signal.aborted) break;
      if (!(error instanceof Problem) || error.kind !== "unreachable") throw error;
    }
    if (options.signal.aborted) break;
    // The control plane went away: its supervisor starts it again, and we do when there is none.
    await sleep(300);
    await ensureControlPlane(options.home);
  }
  return seen ?? client.get<UpgradeView>(`/upgrades/${options.upgrade}`);
}

const isAsked = ({ gate, state }: UpgradeView, { notBefore }: FollowOptions): boolean =>
  state === "at-gate" && gate !== null && gate.askedAt !== notBefore;

function repaint(): (view: UpgradeView) => void {
  let painted = 0;
  return (view) => {
    // Some terminals say that they have none.
    const room = (process.stderr.rows || 40) - 2;
    const lines = fitting(drawLadder(view, { open: false, columns: process.stderr.columns || 100 }), room);
    process.stderr.write(`${painted > 0 ? `\x1b[${painted}A` : ""}\x1b[0J${lines.join("\n")}\n`);
    painted = lines.length;
  };
}

/** Where the screen is too small, what is over gives way: the end is where it happens. */
const fitting = (lines: string[], room: number): string[] =>
  lines.length <= room ? lines : [...lines.slice(0, 1), "…", ...lines.slice(2 - room)];

/** One line for each step that ended, one for each change of the whole. */
function plainLines(): (view: UpgradeView) => void {
  const told = new Set<string>();
  const tell = (key: string, line: string) => {
    if (told.has(key)) return;
    told.add(key);
    console.error(line);
  };
  return (view) => {
    for (const [part, stages] of [view.stages, view.fixes, view.after].entries()) {
      let index = 0;
      for (const stage of stages) {
        for (const step of stage.steps) tellStep(tell, `${part} ${index++}`, step);
      }
    }
    if (view.gate) tell(`gate ${view.gate.askedAt}`, drawGate(view.id, view.gate).join("\n"));
    if (view.paused && view.state === "paused") tell(`paused ${view.paused.at}`, `‖ paused by ${view.paused.by}`);
    if (view.state === "rolling-back" && view.strategy !== "run-script")
      tell("back", `↶ taking the way back: ${oneLine(view.reason ?? view.problem?.what ?? "asked for")}`);
  };
}

function tellStep(tell: (key: string, line: string) => void, key: string, step: StepView): void {
  const time = step.durationMs === null ? "" : ` (${seconds(step.durationMs)})`;
  if (step.state === "now" && step.evidence)
    tell(`${key} ${drawFacts(step.evidence)}`, `… ${step.says}: ${oneLine(drawFacts(step.evidence))}`);
  if (["done", "failed", "undone"].includes(step.state) && step.durationMs !== null) {
    const went = step.state === "failed" || (step.state === "undone" && step.problem) ? "failed" : "done";
    tell(`${key} ${went}`, `${went === "done" ? "✓" : "✗"} ${step.says}${time}`);
    if (step.problem) tell(`${key} why`, `    ${oneLine(`${step.problem.what} · ${step.problem.why}`)}`);
  }
  if (step.state === "undone") tell(`${key} undone`, `↩ undone: ${step.says}`);
}
