/** Write down the schema of a copy as its migration left it; the note stands on the server itself. */
import { z } from "zod";
import { Problem } from "../model/problem.ts";
import { defineStep } from "../model/step.ts";
import { recordOf, SCHEMA_NOTE } from "./parts/records.ts";
import { one } from "./parts/words.ts";

export const markSchema = defineStep({
  name: "mark-schema",
  input: z.strictObject({ server: z.string() }),
  undoable: "always",
  says: ({ server }) => `Write down the schema on "${server}" as the migration left it`,
  byHand: ({ server }) => ({
    act: `Dump the schema of the copy on ${one(server)} without data and keep the file.`,
    see: "The file is there.",
    back: null,
  }),
  limitMs: () => 60_000,
  async apply(context, { server }) {
    const { world } = context;
    const record = await recordOf(context, server);
    if (record.labels[SCHEMA_NOTE]) return;
    const schema = await (await world.database(server)).schemaFingerprint();
    await world.provider.relabel(world.environment, server, { ...record.labels, [SCHEMA_NOTE]: schema });
  },
  async verify(context, { server }) {
    const noted = (await recordOf(context, server)).labels[SCHEMA_NOTE];
    if (noted) return { schema: noted.slice(0, 12) };
    throw new Problem("step-failed", {
      what: `the schema on "${server}" was not written down`,
      why: "its record has no such label",
      next: "changeover status, then plan again",
    });
  },
});
