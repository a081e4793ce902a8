/** Small builders for plans; the sentence of each step is taken from its definition here, once. */
import type { Phase, PlanStep, Stage } from "../model/plan.ts";
import type { StepDefinition } from "../model/step.ts";

/** A step with its input checked and its sentence written. */
export function act<I>(definition: StepDefinition<I>, input: I, phase?: Phase): PlanStep {
  const checked = definition.input.parse(input);
  return { step: definition.name, input: checked, says: definition.says(checked), ...(phase ? { phase } : {}) };
}

export const inOrder = (name: string, wayBack: string, steps: PlanStep[]): Stage => ({
  name,
  parallel: false,
  steps,
  wayBack,
});

export const atOnce = (name: string, wayBack: string, steps: PlanStep[]): Stage => ({
  name,
  parallel: true,
  steps,
  wayBack,
});
