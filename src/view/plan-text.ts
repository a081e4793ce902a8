/** Draws a plan for eyes: stages, sentences, and the way back with its price. Pure text. */
import type { Plan } from "../model/plan.ts";

export function drawPlan(plan: Plan, hash: string): string[] {
  const what = plan.from === plan.to ? `of release ${plan.to}` : `upgrade ${plan.from} → ${plan.to}`;
  const lines = [`${plan.environment}: ${plan.strategy} ${what}, plan ${hash}`];
  let turned = false;
  let number = 1;
  for (const stage of plan.stages) {
    if (!turned && stage.steps.some(({ step }) => step === "reopen")) {
      const where = plan.strategy === "restore" ? "the restored database" : "the new release";
      lines.push("", `──── point of no return: from here on the public writes to ${where} ────`);
      turned = true;
    }
    lines.push("", `${stage.name}${stage.parallel ? " (at once)" : ""}`, `  way back: ${stage.wayBack}`);
    for (const step of stage.steps) lines.push(`  ${String(number++).padStart(2)}. ${step.says}`);
  }
  return lines;
}
