/** Assert that starting a release changed no schema: one that migrates when it boots must not boot beside the old one. */
import { z } from "zod";
import { Problem } from "../model/problem.ts";
import { defineStep } from "../model/step.ts";
import { recordOf, SCHEMA_NOTE } from "./parts/records.ts";
import { one } from "./parts/words.ts";

export const sameSchema = defineStep({
  name: "same-schema",
  input: z.strictObject({ server: z.string(), release: z.string() }),
  undoable: "always",
  says: ({ release, server }) => `Assert that starting release ${release} left the schema on "${server}" alone`,
  byHand: ({ server, release }) => ({
    act: `Dump the schema of the copy on ${one(server)} again and compare it with the file.`,
    see: `They are equal. If not, release ${release} migrates when it starts: stop here.`,
    back: null,
  }),
  limitMs: () => 60_000,
  async apply() {},
  async verify(context, { server, release }) {
    const before = (await recordOf(context, server)).labels[SCHEMA_NOTE] ?? "";
    const after = await (await context.world.database(server)).schemaFingerprint();
    if (before === after) return { schema: after.slice(0, 12), bootMigrates: false };
    throw new Problem("step-failed", {
      what: `release ${release} changes the schema when it starts`,
      why: `on a restored copy the schema was ${before.slice(0, 12)} before its first start and ${after.slice(0, 12)} after it`,
      next: "move what its start changes into its migrate command, then plan again",
    });
  },
});
