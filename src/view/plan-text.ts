/** Draws a plan for eyes: stages, sentences, and the way back with its price. Pure text. */
import type { Plan } from "../model/plan.ts";

export function drawPlan(plan: Plan, hash: string): string[] {
  const lines = [`${plan.environment}: ${plan.strategy} upgrade ${plan.from} → ${plan.to}, plan ${hash}`];
  let turned = false;
  let number = 1;
  for (const stage of plan.stages) {
    if (!turned && stage.steps.some(({ step }) => step === "reopen")) {
      lines.push("", "──── point of no return: from here on the public writes to the new release ────");
      turned = true;
    }
    lines.push("", `${stage.name}${stage.parallel ? " (at once)" : ""}`, `  way back: ${stage.wayBack}`);
    for (const step of stage.steps) lines.push(`  ${String(number++).padStart(2)}. ${step.says}`);
  }
  return lines;
}
