/** Kills the control plane of a product with signal 9 at chosen points of an upgrade, and sees that it comes back. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Health } from "../../src/api/contract.ts";
import type { StepView, UpgradeView } from "../../src/view/upgrade-view.ts";
import type { Product } from "./product.ts";

export interface Point {
  direction: "apply" | "undo" | "after";
  /** Counts through all stages of its part of the plan. */
  index: number;
  step: string;
  when: "begins" | "inside" | "ended";
  /** For `inside`: how long after its beginning. */
  delayMs?: number;
  /** Its supervisor, too: then the next command has to start it again. */
  withSupervisor?: boolean;
}

export interface Hit {
  point: Point;
  /** The step's state in the last view before the kill; why there was none, when the upgrade ended before. */
  seenAs: string;
  /** From the kill until a new control plane answered; null when the point was never reached. */
  backMs: number | null;
}

const LIMIT_MS = 150_000;
const ENDED = ["upgraded", "rolled-back", "stuck"];

const stepsOf = (view: UpgradeView, direction: Point["direction"]): StepView[] =>
  (direction === "after" ? view.after : view.stages).flatMap(({ steps }) => steps);

/** A point at the last step of this name: what is tried on a copy first comes before. */
export function pointAt(
  view: UpgradeView,
  step: string,
  more: Omit<Point, "index" | "step" | "direction"> & { direction?: Point["direction"]; says?: string },
): Point {
  const { direction = "apply", says = "", ...rest } = more;
  const index = stepsOf(view, direction).findLastIndex((seen) => seen.name === step && seen.says.includes(says));
  if (index < 0) throw new Error(`the plan has no step "${step}" that says "${says}"`);
  return { direction, index, step, ...rest };
}

/** Goes along with the upgrade and kills at each point, in order. */
export async function killAlong(product: Product, upgrade: string, points: readonly Point[]): Promise<Hit[]> {
  const hits: Hit[] = [];
  const deadline = AbortSignal.timeout(LIMIT_MS);
  for (const point of points) {
    const { seenAs, reached } = await reach(product, upgrade, point, deadline);
    const backMs = reached ? await killAndReturn(product, point.withSupervisor === true) : null;
    hits.push({ point, seenAs, backMs });
  }
  return hits;
}

/** Returns at the point, or with the reason why the upgrade never comes to it. */
export async function reach(product: Product, upgrade: string, point: Point, deadline: AbortSignal) {
  while (!deadline.aborted) {
    const watching = new AbortController();
    const signal = AbortSignal.any([watching.signal, deadline]);
    for await (const view of product.client.views(upgrade, signal)) {
      const step = stepsOf(view, point.direction)[point.index];
      if (step && isReached(step.state, point)) {
        if (step.state === running(point)) await sleep(point.when === "inside" ? (point.delayMs ?? 0) : 0);
        return { seenAs: step.state, reached: true };
      }
      if (ENDED.includes(view.state)) {
        return { seenAs: `missed, ${view.state} before: ${view.reason ?? view.problem?.why}`, reached: false };
      }
    }
    await sleep(50, undefined, { signal: deadline });
  }
  throw new Error(`${point.direction} ${point.step} was not reached within ${LIMIT_MS} ms`);
}

const running = ({ direction }: Point): StepView["state"] => (direction === "undo" ? "undoing" : "now");

/** A step can be over before it was seen running: then what can still be killed is what follows it. */
function isReached(state: StepView["state"], point: Point): boolean {
  const over = point.direction === "undo" ? ["undone"] : ["done", "failed", "undone", "undoing"];
  return over.includes(state) || (point.when !== "ended" && state === running(point));
}

const pidIn = (product: Product, file: string): number => Number(readFileSync(join(product.home, file), "utf8"));

async function killAndReturn(product: Product, withSupervisor: boolean): Promise<number> {
  const pid = pidIn(product, "control.pid");
  if (withSupervisor) process.kill(pidIn(product, "supervisor.pid"), "SIGKILL");
  process.kill(pid, "SIGKILL");
  const began = performance.now();
  // Any command would do; nobody else starts it now.
  if (withSupervisor) await product.run(["status"]);
  for (;;) {
    const health = await product.client.get<Health>("/health").catch(() => null);
    if (health && health.pid !== pid) return Math.round(performance.now() - began);
    if (performance.now() - began > 60_000) throw new Error("no control plane came back within 60 s");
    await sleep(50);
  }
}
