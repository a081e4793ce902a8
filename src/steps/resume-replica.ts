/** Let a replica follow the primary and prove that it reaches the primary's position. */
import { z } from "zod";
import { Problem } from "../model/problem.ts";
import { defineStep } from "../model/step.ts";
import { endpoint } from "./parts/shapes.ts";

export const resumeReplica = defineStep({
  name: "resume-replica",
  input: z.strictObject({ replica: z.string(), primary: z.string(), primaryEndpoint: endpoint, withinMs: z.number() }),
  undoable: "always",
  says: ({ replica, primary }) => `Let "${replica}" follow "${primary}" and reach its position`,
  limitMs: ({ withinMs }) => withinMs + 30_000,
  async apply({ world }, { replica, primaryEndpoint }) {
    const database = await world.database(replica);
    const { following, bootsFollowing } = await database.health();
    if (following === null || !bootsFollowing) await database.follow(primaryEndpoint);
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
