/** Draws a plan for eyes: stages, sentences, and the way back with its price. Pure text. */
import type { Forecast } from "../model/forecast.ts";
import type { Plan } from "../model/plan.ts";
import { bytes } from "./amounts.ts";
import { seconds } from "./ladder.ts";

export function drawPlan(plan: Plan, hash: string, forecast: Forecast | null = null): string[] {
  const upgrade = plan.strategy === "move-name" ? "" : "upgrade ";
  const what = plan.from === plan.to ? `of release ${plan.to}` : `${upgrade}${plan.from} → ${plan.to}`;
  const lines = [`${plan.environment}: ${plan.strategy} ${what}, plan ${hash}`];
  if (forecast) lines.push(...drawForecast(forecast, plan.to));
  let turned = false;
  let number = 1;
  for (const [at, stage] of plan.stages.entries()) {
    const expected = forecast?.from ? forecast.stages[at] : undefined;
    if (!turned && stage.steps.some(({ step }) => step === "reopen")) {
      const where = plan.strategy === "restore" ? "the restored database" : "the new release";
      lines.push("", `──── point of no return: from here on the public writes to ${where} ────`);
      turned = true;
    }
    lines.push(
      "",
      `${stage.name}${stage.parallel ? " (at once)" : ""}${expected ? ` · ${about(expected.expectedMs)}` : ""}`,
      `  way back: ${stage.wayBack}${expected && !turned ? ` · ${about(expected.wayBackMs)}` : ""}`,
    );
    for (const step of stage.steps) lines.push(`  ${String(number++).padStart(2)}. ${step.says}`);
  }
  return lines;
}

const about = (ms: number | null, unknown = "time unknown"): string => (ms === null ? unknown : `about ${seconds(ms)}`);

/** What is not known is said to be, and how to get to know it. */
function drawForecast({ from, windowMs, totalMs, diskBytes, unknown }: Forecast, to: string): string[] {
  const rehearse = `changeover rehearse --to ${to}`;
  if (from === null) return [`expected: unknown, nothing of this kind was timed here yet (${rehearse})`];
  const [window, all] = [about(windowMs, "unknown"), about(totalMs, "unknown")];
  const known = `window ${window}, all ${all}, disk ${diskBytes === null ? "unknown" : bytes(diskBytes)}`;
  const source = from === "rehearsal" ? "a rehearsal of this plan" : "past upgrades of this environment";
  const [first, ...more] = unknown;
  const rest = more.length > 0 ? ` and ${more.length} more` : "";
  return [
    `expected: ${known}; from ${source}, without the wait at gates`,
    ...(first === undefined ? [] : [`  never timed: ${first}${rest} (${rehearse})`]),
  ];
}
