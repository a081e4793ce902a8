/** Note the live schema before a release that says it migrates nothing is started for the first time. */
import { z } from "zod";
import { defineStep } from "../model/step.ts";
import { one } from "./parts/words.ts";

export const noteSchema = defineStep({
  name: "note-schema",
  input: z.strictObject({ primary: z.string() }),
  undoable: "always",
  says: ({ primary }) => `Note the schema on "${primary}"`,
  byHand: ({ primary }) => ({
    act: `Dump the schema on ${one(primary)} without data and keep the file.`,
    see: "The file is there.",
    back: null,
  }),
  limitMs: () => 60_000,
  async apply() {},
  async verify({ world }, { primary }) {
    return { noted: (await (await world.database(primary)).schemaFingerprint()).slice(0, 12) };
  },
});
