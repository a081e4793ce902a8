/** Minor upgrades as people read them: the plan before, and the runbook for a person. */
import { expect, test } from "vitest";
import type { PlanStep } from "../../src/model/plan.ts";
import type { ByHand } from "../../src/model/step.ts";
import { steps } from "../../src/steps/registry.ts";
import { drawPlan } from "../../src/view/plan-text.ts";
import { drawRunbook } from "../../src/view/runbook.ts";
import { planMinorOf, shopForMinor, upgradeFronts } from "../laws/minor.ts";
import { frontEnds } from "../laws/fronts.ts";

const byHand = ({ step, input }: PlanStep) => steps.get(step)?.byHand(input) as ByHand;

test.each(["rolling", "canary", "in-place"] as const)("the plan of %s", async (strategy) => {
  const plan = await planMinorOf(await shopForMinor(), strategy);
  const text = `${drawPlan(plan, "(its hash)").join("\n")}\n`;
  await expect(text).toMatchFileSnapshot(`minor-${strategy}.plan.txt`);
});

test("front ends replaced, as a runbook for a person", async () => {
  const { plan, end } = await upgradeFronts(frontEnds);
  expect(end).toEqual({ state: "upgraded" });
  await expect(drawRunbook({ plan, hash: "(its hash)", byHand })).toMatchFileSnapshot("minor-front-ends-runbook.md");
});
