/** Fence the primary: no write is accepted, and none arrived for a while to prove it. */
import { z } from "zod";
import { defineStep } from "../model/step.ts";
import { proveQuiet } from "./parts/quiet.ts";
import { settleDatabase } from "./parts/settle.ts";
import { servers, slot } from "./parts/shapes.ts";
import { one } from "./parts/words.ts";

export const fenceDatabase = defineStep({
  name: "fence-database",
  input: z.strictObject({
    primary: z.string(),
    standby: z.string(),
    loadBalancers: servers,
    slot,
    migrator: z.string(),
    /** The position must stand still this long. */
    quietMs: z.number(),
  }),
  undoable: "until-writes",
  says: ({ primary, quietMs }) => `Fence "${primary}" and prove that no write arrives for ${quietMs} ms`,
  byHand: ({ primary, quietMs }) => ({
    act: `On ${one(primary)} refuse the application's writes, also after a restart (read-only), and end its connections and the migration account's.`,
    see: `Its position stands still for ${quietMs} ms, and no connection, transaction, prepared transaction or event could still write.`,
    back: "Let it take writes again, unless the migration has begun: then see the migration's way back.",
  }),
  limitMs: ({ quietMs }) => quietMs + 30_000,
  async apply({ world }, { primary }) {
    await (await world.database(primary)).fence();
  },
  verify: async (context, { primary, quietMs }) => ({ position: await proveQuiet(context, primary, quietMs), quietMs }),
  undo: (context, input) => settleDatabase(context, input),
});
