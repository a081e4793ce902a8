/** The control plane dies at every moment of a minor upgrade, by each strategy: the same end as without, noticed by nobody. */
import { expect, test } from "vitest";
import { minorStrategies } from "../../src/model/plan.ts";
import { expectSameAfterCrashes } from "../laws/minor-told.ts";

test.each(minorStrategies)("%s", async (strategy) => {
  const died: number[] = [];
  await expectSameAfterCrashes(strategy, (turn) => died.push(turn) > 0);
  expect(died.length).toBeGreaterThan(100);
});
