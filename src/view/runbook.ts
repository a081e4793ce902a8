/** A plan as a document that a person could follow by hand: what to do, what proves it, how to take it back. Pure text. */
import type { Plan, PlanStep, Stage } from "../model/plan.ts";
import type { ByHand } from "../model/step.ts";

export interface RunbookFacts {
  plan: Plan;
  hash: string;
  /** Of a step of the plan. */
  byHand(step: PlanStep): ByHand;
}

export function drawRunbook({ plan, hash, byHand }: RunbookFacts): string {
  let number = 1;
  const stageText = (stage: Stage): string => {
    const steps = stage.steps.map((step) => stepText(number++, step, byHand(step)));
    const together = stage.parallel && stage.steps.length > 1 ? "\nThese may be done side by side.\n" : "";
    return `## ${stage.name}\n\nWay back from here: ${stage.wayBack}.\n${together}\n${steps.join("\n\n")}`;
  };
  const forward = plan.stages.map((stage) => `${begins(stage)}${stageText(stage)}`);
  const after = plan.afterWayBack.map(stageText);
  return `${[
    `# Runbook: ${plan.strategy} upgrade of ${plan.environment}, ${plan.from} → ${plan.to}`,
    `Plan \`${hash}\`. Do the steps in order. Tick one off only when what proves it was seen; when it does not come, take the` +
      " steps back in the opposite order, each by its own line, down to the first; then do what follows a way back.",
    ...forward,
    ...(after.length > 0 ? ["# After a way back", ...after] : []),
  ].join("\n\n")}\n`;
}

const begins = ({ steps }: Stage): string =>
  steps.some(({ step }) => step === "reopen")
    ? "**Point of no return: from here on the public writes to the new release.**\n\n"
    : "";

function stepText(number: number, { says }: PlanStep, { act, see, back }: ByHand): string {
  const lines = [`${number}. [ ] **${says}**`, `   - Do: ${act}`, `   - See: ${see}`];
  if (back !== null) lines.push(`   - Take it back: ${back}`);
  return lines.join("\n");
}
