/** A plan laid out for running: every step with its place, and what must hold before anything is started. */
import { z } from "zod";
import type { Plan, Stage } from "../model/plan.ts";
import { Problem } from "../model/problem.ts";
import type { StepDefinition } from "../model/step.ts";
import type { StepRef } from "../model/upgrade.ts";
import { gateInput } from "../steps/gate.ts";

export type Definitions = ReadonlyMap<string, StepDefinition>;

export interface PlannedStep extends StepRef {
  input: unknown;
}

export interface LaidStage {
  parallel: boolean;
  steps: PlannedStep[];
}

/** `index` counts through all stages. */
export function layOut(stages: readonly Stage[]): LaidStage[] {
  let index = 0;
  return stages.map(({ name, parallel, steps }) => ({
    parallel,
    steps: steps.map(({ step, input, says }) => ({ index: index++, stage: name, step, says, input })),
  }));
}

/** The step that waits for a person: the run itself asks, its definition only words it. */
export const GATE = "gate";

/** Index of the step that must fail for a rehearsal. `migrate` fails by itself, half way through. */
export function failingIndex(plan: Plan): number | null {
  if (plan.failAt === null || plan.failAt === "migrate") return null;
  const steps = layOut(plan.stages).flatMap((stage) => stage.steps);
  return steps.find(({ step }) => step === plan.failAt)?.index ?? null;
}

/** Refuses a plan that this release can't run as a whole, before its first step. */
export function checkPlan(plan: Plan, definitions: Definitions): void {
  const steps = [...layOut(plan.stages), ...layOut(plan.afterWayBack)].flatMap((stage) => stage.steps);
  const gates = new Set<string>();
  for (const { step, input, says } of steps) {
    const schema = step === GATE ? gateInput : definitions.get(step)?.input;
    if (!schema) throw cantRun(`it has a step "${step}", which this release does not know`);
    const read = schema.safeParse(input);
    if (!read.success) throw cantRun(`the step "${says}" has a bad input: ${z.prettifyError(read.error)}`);
    if (step !== GATE) continue;
    const { gate, fix } = gateInput.parse(input);
    const unknown = fix?.again.find((again) => !definitions.has(again.step));
    if (unknown) throw cantRun(`gate "${gate}" has a step "${unknown.step}", which this release does not know`);
    if (gates.has(gate)) throw cantRun(`it has two gates called "${gate}"`);
    gates.add(gate);
  }
}

const cantRun = (why: string): Problem =>
  new Problem("bad-input", { what: "the plan can't be run", why, next: "changeover plan" });
