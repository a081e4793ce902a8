/** A gate: the upgrade waits for a person, with a deadline; the runner asks, this step only words it. */
import { z } from "zod";
import { PHASES } from "../model/plan.ts";
import { defineStep } from "../model/step.ts";
import { endpoint, servers } from "./parts/shapes.ts";

const planStep = z.strictObject({
  step: z.string(),
  input: z.unknown(),
  says: z.string(),
  phase: z.enum(PHASES).optional(),
});

export const gateInput = z.strictObject({
  gate: z.string().min(1),
  question: z.string(),
  deadlineMs: z.number().positive(),
  atDeadline: z.enum(["way-back", "go-on"]).default("way-back"),
  /** Does `--yes` answer it? */
  answeredByYes: z.boolean().default(true),
  /** The steps whose facts it shows, by name. */
  evidenceOf: z.array(z.string()).default([]),
  /** How the new release can be mended in place; null where it can't. */
  fix: z
    .strictObject({
      servers,
      /** Where a fix of the schema runs, and the database it reaches. */
      migrator: z.string(),
      primaryEndpoint: endpoint,
      limitMs: z.number(),
      /** Done again after each fix; `{fix}` in their texts becomes its number. */
      again: z.array(planStep),
    })
    .nullable()
    .default(null),
});
export type GateInput = z.infer<typeof gateInput>;

export const gate = defineStep({
  name: "gate",
  input: gateInput,
  undoable: "always",
  says: ({ gate: name, question }) => `Gate "${name}": ${question}`,
  byHand: ({ question, deadlineMs, atDeadline }) => ({
    act: `Decide: ${question} The evidence is in the steps before.`,
    see: `Somebody has said yes, and their name and the time are written down. After ${deadlineMs / 1000} s without an answer ${atDeadline === "go-on" ? "go on" : "take the way back"}.`,
    back: null,
  }),
  limitMs: ({ deadlineMs }) => deadlineMs,
  async apply() {},
  async verify() {
    return {};
  },
});
