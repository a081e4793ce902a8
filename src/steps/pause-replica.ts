/** Pause a replica, so that a backup of it can be compared row for row. */
import { z } from "zod";
import { Problem } from "../model/problem.ts";
import { defineStep } from "../model/step.ts";
import { followAgain } from "./parts/follow-again.ts";
import { endpoint } from "./parts/shapes.ts";
import { one } from "./parts/words.ts";

export const pauseReplica = defineStep({
  name: "pause-replica",
  input: z.strictObject({ replica: z.string(), primary: endpoint }),
  undoable: "always",
  says: ({ replica }) => `Pause "${replica}" at one position`,
  byHand: ({ replica }) => ({
    act: `On ${one(replica)} stop replication.`,
    see: "Its position stands still.",
    back: "Let it replicate again.",
  }),
  limitMs: () => 30_000,
  async apply({ world }, { replica }) {
    await (await world.database(replica)).freeze();
  },
  async verify({ world }, { replica }) {
    const database = await world.database(replica);
    const health = await database.health();
    if (health.running && health.following === null && !health.writable) return { position: await database.position() };
    throw new Problem("step-failed", {
      what: `"${replica}" is not paused`,
      why: health.error ?? "it still replicates",
      next: "changeover status",
    });
  },
  async undo({ world }, { replica, primary }) {
    // What can't follow holds nothing up: redundancy is restored after the way back, by a new copy if need be.
    await followAgain(await world.database(replica), primary).catch(() => {});
  },
});
