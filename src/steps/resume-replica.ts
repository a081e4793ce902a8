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
    if ((await database.health()).following === null) await database.follow(primaryEndpoint);
  },
  async verify({ world }, { replica, primary, withinMs }) {
    const database = await world.database(replica);
    const position = await (await world.database(primary)).position();
    if (await database.awaitPosition(position, withinMs)) {
      const health = await database.health();
      if (health.replicating) return { position };
    }
    throw new Problem("timed-out", {
      what: `"${replica}" does not keep up with "${primary}"`,
      why: (await database.health()).error ?? `position ${position} was not reached within ${withinMs} ms`,
      next: "changeover status",
    });
  },
});
