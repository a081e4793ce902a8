/** Freeze the standby at the last position before the migration: from here on it is the way back. */
import { z } from "zod";
import { Problem } from "../model/problem.ts";
import { defineStep } from "../model/step.ts";
import { followAgain } from "./parts/follow-again.ts";
import { endpoint } from "./parts/shapes.ts";
import { one } from "./parts/words.ts";

export const freezeStandby = defineStep({
  name: "freeze-standby",
  input: z.strictObject({ primary: z.string(), primaryEndpoint: endpoint, standby: z.string() }),
  undoable: "always",
  says: ({ standby }) => `Freeze "${standby}" at the last position before the migration`,
  byHand: ({ standby, primary }) => ({
    act: `On ${one(standby)} stop replication; keep the server running.`,
    see: `Its position equals that of ${one(primary)}. Write the position down: it is the way back.`,
    back: "Let it follow the primary again.",
  }),
  limitMs: () => 30_000,
  async apply({ world }, { standby }) {
    await (await world.database(standby)).freeze();
  },
  async verify({ world }, { primary, standby }) {
    const [old, warm] = [await world.database(primary), await world.database(standby)];
    const [health, wanted, seen] = [await warm.health(), await old.position(), await warm.position()];
    if (health.running && health.following === null && !health.writable && seen === wanted) return { position: seen };
    throw new Problem("step-failed", {
      what: `"${standby}" is not frozen at the primary's position`,
      why: health.following ? `it still follows ${health.following}` : `it stands at ${seen}, the primary at ${wanted}`,
      next: "changeover status",
    });
  },
  async undo({ world }, { primaryEndpoint, standby }) {
    const warm = await world.database(standby);
    const { writable, bootsWritable } = await warm.health();
    // Promoted by the way back of the migration: it follows nobody any more.
    if (!writable && !bootsWritable) await followAgain(warm, primaryEndpoint);
  },
});
