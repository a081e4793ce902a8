/** A hot-fix as steps: run the script, then do again what makes its gate's evidence; each with a place in the journal. */
import type { PlanStep } from "../model/plan.ts";
import type { HotFix } from "../model/upgrade.ts";
import { act } from "../plan/stage.ts";
import type { GateInput } from "../steps/gate.ts";
import { hotFix } from "../steps/hot-fix.ts";
import type { PlannedStep } from "./layout.ts";

/** Behind every step of any plan. */
const FIRST_INDEX = 1_000_000;
/** More steps than one fix has. */
const APART = 1_000;

const fixStage = (number: number): string => `Hot-fix ${number}`;

/** Empty where the gate takes no fix. */
export function stepsOfFix({ fix: how }: GateInput, fix: HotFix): PlannedStep[] {
  if (!how) return [];
  const onDatabase = fix.account === "migration";
  const run = act(hotFix, {
    number: fix.number,
    script: fix.script,
    account: fix.account,
    servers: onDatabase ? [how.migrator] : how.servers,
    database: onDatabase ? how.primaryEndpoint : null,
    limitMs: how.limitMs,
  });
  return [run, ...how.again.map((step) => numbered(step, fix.number))].map(({ step, input, says }, turn) => ({
    index: FIRST_INDEX + fix.number * APART + turn,
    stage: fixStage(fix.number),
    step,
    says,
    input,
  }));
}

const numbered = (step: PlanStep, number: number): PlanStep =>
  JSON.parse(JSON.stringify(step).replaceAll("{fix}", String(number))) as PlanStep;
