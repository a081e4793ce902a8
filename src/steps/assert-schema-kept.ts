/** Assert that the first server of a release that migrates nothing has left the live schema alone. */
import { z } from "zod";
import { Problem } from "../model/problem.ts";
import { defineStep } from "../model/step.ts";
import { noteSchema } from "./note-schema.ts";
import { one } from "./parts/words.ts";

export const assertSchemaKept = defineStep({
  name: "assert-schema-kept",
  input: z.strictObject({ primary: z.string(), release: z.string() }),
  undoable: "always",
  says: ({ primary, release }) => `Assert that starting release ${release} left the schema on "${primary}" alone`,
  byHand: ({ primary, release }) => ({
    act: `Dump the schema on ${one(primary)} again and compare it with the file.`,
    see: `They are equal. If not, release ${release} migrates when it starts: stop here.`,
    back: null,
  }),
  limitMs: () => 60_000,
  async apply() {},
  async verify({ world, evidenceOf }, { primary, release }) {
    const now = (await (await world.database(primary)).schemaFingerprint()).slice(0, 12);
    const noted = (await evidenceOf(noteSchema.name))?.noted;
    if (noted === now) return { schema: now };
    throw new Problem("step-failed", {
      what: `release ${release} changes the schema when it starts`,
      why: `the schema was ${noted ?? "not noted"} before its first start and is ${now} now`,
      next: "give it a migrate command that does what its start does, then plan again",
    });
  },
});
