/** Launches a server that was cloned and changed, and tests it apart from the public; or finds the change that breaks it. */
import type { Plan, Stage } from "../../../model/plan.ts";
import { endInstance } from "../../../steps/end-instance.ts";
import { act, inOrder } from "../../stage.ts";
import { type Ground, planOf } from "./ground.ts";
import { type Launching, launchSteps } from "./launching.ts";

const FREE = "retire it; nothing that serves was touched";

export function planLaunch(ground: Ground, launching: Launching): Plan {
  const name = `Launch "${launching.record.name}" apart from the public`;
  return planOf(ground, "launch-server", [inOrder(name, FREE, launchSteps(ground.definition, launching))]);
}

/** A launch with the first changes of a list only. */
export interface Attempt extends Launching {
  /** The last of them in words; null for the server as it was cloned. */
  change: string | null;
}

/** Each change is launched and tested on top of those before it; the first that fails is the one that breaks it. */
export function planTry(ground: Ground, attempts: readonly Attempt[]): Plan {
  const stages = attempts.map((attempt, at): Stage => {
    const steps = launchSteps(ground.definition, attempt);
    const again = at < attempts.length - 1 ? [act(endInstance, { server: attempt.record.name })] : [];
    return inOrder(tryName(attempt, at), FREE, [...steps, ...again]);
  });
  return planOf(ground, "try-server", stages);
}

const tryName = ({ change, record }: Attempt, at: number): string =>
  change === null ? `Try "${record.name}" as it was cloned` : `Try change ${at}: ${change}`;
