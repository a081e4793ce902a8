/** Let a lent replica follow its primary again, and remove the backup that was taken of it. */
import { one } from "./parts/words.ts";
import { z } from "zod";
import { Problem } from "../model/problem.ts";
import { defineStep } from "../model/step.ts";
import { lentBackup } from "./copy-data.ts";
import { atOrigin } from "./parts/origin.ts";
import { endpoint } from "./parts/shapes.ts";
import { resumeReplica } from "./resume-replica.ts";

export const returnReplica = defineStep({
  name: "return-replica",
  input: z.strictObject({
    environment: z.string(),
    replica: z.string(),
    primary: z.string(),
    primaryEndpoint: endpoint,
    withinMs: z.number(),
  }),
  undoable: "always",
  says: ({ environment, replica, primary }) =>
    `Let "${replica}" of "${environment}" follow "${primary}" again and remove the backup`,
  byHand: ({ environment, replica, primary }) => ({
    act: `On ${one(replica)} of ${one(environment)} let replication from ${one(primary)} go on, and remove the backup.`,
    see: `It reaches the position that ${one(primary)} has now.`,
    back: null,
  }),
  limitMs: ({ withinMs }) => withinMs + 60_000,
  async apply(context, { environment, ...input }) {
    const there = await atOrigin(context, environment, input.replica);
    await resumeReplica.apply(there, { ...input, reseedMs: null });
    await (await there.world.database(input.replica)).removeBackup(lentBackup(context.upgrade));
  },
  async verify(context, { environment, ...input }) {
    const world = await context.world.elsewhere(environment);
    const seen = await resumeReplica.verify({ ...context, world }, { ...input, reseedMs: null });
    const left = (await (await world.database(input.replica)).backups()).map(({ id }) => id);
    if (!left.includes(lentBackup(context.upgrade))) return seen;
    throw new Problem("step-failed", {
      what: `the backup on "${input.replica}" of "${environment}" is still there`,
      why: "it was not removed",
      next: `changeover status ${environment}`,
    });
  },
});
