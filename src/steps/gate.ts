/** A gate: the upgrade waits for a person, with a deadline; the runner asks, this step only words it. */
import { z } from "zod";
import { defineStep } from "../model/step.ts";

export const gate = defineStep({
  name: "gate",
  input: z.strictObject({ gate: z.string(), question: z.string(), deadlineMs: z.number() }),
  undoable: "always",
  says: ({ gate: name, question }) => `Gate "${name}": ${question}`,
  limitMs: ({ deadlineMs }) => deadlineMs,
  async apply() {},
  async verify() {
    return {};
  },
});
