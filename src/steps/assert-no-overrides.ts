/** Assert that no input is overridden any more: what was lent for the upgrade is the environment's by now, or gone. */
import { z } from "zod";
import { drawOverride } from "../model/inputs/override.ts";
import { Problem } from "../model/problem.ts";
import { defineStep } from "../model/step.ts";

export const assertNoOverrides = defineStep({
  name: "assert-no-overrides",
  input: z.strictObject({}),
  undoable: "always",
  says: () => "Assert that no server and no group is lent an input: the next launch gets what the environment says",
  byHand: () => ({
    act: "Look through the inputs of every server and every scaling group for values that override the environment's; promote those that stay to the environment, and drop the others.",
    see: "None is left.",
    back: null,
  }),
  limitMs: () => 30_000,
  async apply() {},
  async verify({ world, openOverrides }) {
    const open = await openOverrides();
    if (open.length === 0) return { overrides: 0 };
    throw new Problem("step-failed", {
      what: "inputs are overridden, and the upgrade would leave that behind",
      why: open.map((one) => drawOverride(one, world.clock.now())).join("; "),
      next: `changeover inputs promote ${world.environment}, or: changeover inputs drop ${world.environment}; then: changeover resume`,
    });
  },
});
