/** Let a replica follow the primary and prove that it reaches the primary's position. */
import { z } from "zod";
import { Problem } from "../model/problem.ts";
import { defineStep } from "../model/step.ts";
import { followAgain } from "./parts/follow-again.ts";
import { endpoint } from "./parts/shapes.ts";
import { one } from "./parts/words.ts";

export const resumeReplica = defineStep({
  name: "resume-replica",
  input: z.strictObject({
    replica: z.string(),
    primary: z.string(),
    primaryEndpoint: endpoint,
    withinMs: z.number(),
    /** How long a new copy may take when it can't follow any more; null: then it fails. */
    reseedMs: z.number().nullable(),
  }),
  undoable: "always",
  says: ({ replica, primary }) => `Let "${replica}" follow "${primary}" and reach its position`,
  byHand: ({ replica, primary }) => ({
    act: `On ${one(replica)} let replication from ${one(primary)} go on.`,
    see: `It reaches the position that ${one(primary)} has now.`,
    back: null,
  }),
  limitMs: ({ withinMs, reseedMs }) => withinMs + (reseedMs ?? 0) + 30_000,
  async apply({ world }, { replica, primary, primaryEndpoint, reseedMs }) {
    const database = await world.database(replica);
    try {
      await followAgain(database, primaryEndpoint);
    } catch (error) {
      if (reseedMs === null) throw error;
    }
    if (reseedMs !== null && !(await database.health()).replicating)
      await database.seedFrom(await world.database(primary));
  },
  async verify({ world }, { replica, primary, withinMs }) {
    const database = await world.database(replica);
    const position = await (await world.database(primary)).position();
    const reached = await database.awaitPosition(position, withinMs);
    const health = await database.health();
    if (reached && health.replicating && health.bootsFollowing) return { position };
    throw new Problem("timed-out", {
      what: `"${replica}" does not keep up with "${primary}"`,
      why:
        health.error ??
        (reached
          ? `it ${health.replicating ? "stops replicating at its next restart" : "reached the position and stopped"}`
          : `position ${position} was not reached within ${withinMs} ms`),
      next: "changeover status",
    });
  },
});
