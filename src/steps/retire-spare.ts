/** Retire a spare server; it holds nothing but a copy, so nothing is lost and the way back stays what it was. */
import { z } from "zod";
import { Problem } from "../model/problem.ts";
import { defineStep } from "../model/step.ts";
import { one } from "./parts/words.ts";

export const retireSpare = defineStep({
  name: "retire-spare",
  input: z.strictObject({ spare: z.string() }),
  undoable: "always",
  says: ({ spare }) => `Retire the copy on "${spare}"`,
  byHand: ({ spare }) => ({
    act: `Terminate ${one(spare)}, which holds a copy only.`,
    see: "It is gone.",
    back: null,
  }),
  limitMs: () => 60_000,
  async apply({ world }, { spare }) {
    await world.provider.retire(world.environment, spare);
  },
  async verify({ world }, { spare }) {
    const left = (await world.provider.list(world.environment)).some(({ name }) => name === spare);
    if (!left) return { retired: spare };
    throw new Problem("step-failed", {
      what: `"${spare}" is still there`,
      why: "it was not retired",
      next: "changeover status",
    });
  },
});
