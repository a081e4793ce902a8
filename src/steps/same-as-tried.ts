/** Assert that the live schema is now the one that was tried on a copy: what was proven there holds here. */
import { z } from "zod";
import { Problem } from "../model/problem.ts";
import { defineStep } from "../model/step.ts";
import { migrate } from "./migrate.ts";
import { one } from "./parts/words.ts";

export const sameAsTried = defineStep({
  name: "same-as-tried",
  input: z.strictObject({ primary: z.string() }),
  undoable: "always",
  says: ({ primary }) => `Assert that the schema on "${primary}" is the one that was tried on the copy`,
  byHand: ({ primary }) => ({
    act: `Dump the schema on ${one(primary)} and compare it with the migrated copy's.`,
    see: "They are equal.",
    back: null,
  }),
  limitMs: () => 60_000,
  async apply() {},
  async verify({ world, evidenceOf }, { primary }) {
    const schema = (await (await world.database(primary)).schemaFingerprint()).slice(0, 12);
    const tried = (await evidenceOf(migrate.name, { of: "copy" }))?.schemaAfter;
    if (tried === schema) return { schema, tried };
    throw new Problem("step-failed", {
      what: "the live database was migrated to another schema than the copy",
      why: `live it is ${schema}, on the copy it was ${tried ?? "not seen"}`,
      next: "see what the migrate command does that depends on data, mend it, then plan again",
    });
  },
});
