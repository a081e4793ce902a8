/** Pause a replica of another environment, so that a clone can be made of it and compared row for row. */
import { one } from "./parts/words.ts";
import { z } from "zod";
import { defineStep } from "../model/step.ts";
import { followAgain } from "./parts/follow-again.ts";
import { atOrigin } from "./parts/origin.ts";
import { endpoint } from "./parts/shapes.ts";
import { pauseReplica } from "./pause-replica.ts";

export const lendReplica = defineStep({
  name: "lend-replica",
  input: z.strictObject({ environment: z.string(), replica: z.string(), primary: endpoint }),
  undoable: "always",
  says: ({ environment, replica }) => `Pause "${replica}" of "${environment}" at one position`,
  byHand: ({ environment, replica }) => ({
    act: `On ${one(replica)} of ${one(environment)} stop replication.`,
    see: "Its position stands still.",
    back: "Let it replicate again.",
  }),
  limitMs: () => 30_000,
  async apply(context, { environment, ...input }) {
    await pauseReplica.apply(await atOrigin(context, environment, input.replica), input);
  },
  async verify(context, { environment, ...input }) {
    return pauseReplica.verify({ ...context, world: await context.world.elsewhere(environment) }, input);
  },
  /** Fails when it can't: a replica that somebody else needs must not stay behind unseen. */
  async undo(context, { environment, replica, primary }) {
    const { world } = await atOrigin(context, environment, replica);
    await followAgain(await world.database(replica), primary);
  },
});
