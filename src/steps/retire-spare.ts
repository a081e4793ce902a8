/** Retire a spare server; it holds a copy or nothing, so nothing is lost and the way back stays what it was. */
import { z } from "zod";
import { Problem } from "../model/problem.ts";
import { defineStep } from "../model/step.ts";
import { one } from "./parts/words.ts";

export const retireSpare = defineStep({
  name: "retire-spare",
  input: z.strictObject({ spare: z.string(), holds: z.enum(["copy", "nothing"]).optional() }),
  undoable: "always",
  says: ({ spare, holds }) => (holds === "nothing" ? `Retire "${spare}" again` : `Retire the copy on "${spare}"`),
  byHand: ({ spare, holds }) => ({
    act: `Terminate ${one(spare)}, which holds ${holds === "nothing" ? "nothing" : "a copy only"}.`,
    see: "It is gone.",
    back: null,
  }),
  limitMs: () => 60_000,
  async apply({ world }, { spare }) {
    await world.provider.retire(world.environment, spare);
  },
  async verify({ world }, { spare }) {
    const left = (await world.provider.find(world.environment, spare)) !== null;
    if (!left) return { retired: spare };
    throw new Problem("step-failed", {
      what: `"${spare}" is still there`,
      why: "it was not retired",
      next: "changeover status",
    });
  },
});
