/** Fill a new environment's database from a proven backup of another one, of which only the backup's folder is read. */
import { z } from "zod";
import { Problem } from "../model/problem.ts";
import { defineStep, type StepContext } from "../model/step.ts";
import { compareWithBackup, unproven } from "./parts/proof.ts";
import { one } from "./parts/words.ts";

/** Times that the other environment may begin something of its own in the middle of the copy. */
const TRIES = 3;

export const fillFromBackup = defineStep({
  name: "fill-from-backup",
  input: z.strictObject({
    /** The environment whose backup it is, and its server that holds it; that need not run. */
    environment: z.string(),
    holder: z.string(),
    backup: z.string(),
    server: z.string(),
    copyMs: z.number(),
  }),
  undoable: "always",
  grows: true,
  says: ({ environment, holder, backup, server }) =>
    `Start backup "${backup}" of "${environment}" (on "${holder}") on "${server}" and compare every table with what was written down when it was taken`,
  byHand: ({ environment, holder, backup, server }) => ({
    act: `Restore backup ${backup}, which lies on ${one(holder)} of ${one(environment)}, on ${one(server)} and start it there, following nobody. Change nothing on ${one(holder)}.`,
    see: "Number of rows and checksum of every table are what was written down when the backup was taken.",
    back: null,
  }),
  limitMs: ({ copyMs }) => copyMs,
  async check({ world }, { environment, holder, backup }) {
    const there = await (await world.elsewhere(environment)).database(holder);
    const found = (await there.backups()).find(({ id }) => id === backup);
    if (found?.content) return;
    throw unproven(backup, found ? "nobody wrote down what its source held" : `"${holder}" does not have it`);
  },
  async apply(context, { environment, holder, backup, server }) {
    const copy = await context.world.database(server);
    for (let tries = 1; ; tries++) {
      try {
        const source = await (await context.world.elsewhere(environment)).database(holder);
        return await copy.restore(source, backup);
      } catch (error) {
        if (tries === TRIES || !(await isOverruledThere(context, server, error))) throw error;
      }
    }
  },
  async verify({ world }, { environment, holder, backup, server }) {
    const [there, copy] = [await world.elsewhere(environment), await world.database(server)];
    return compareWithBackup({ holder: await there.database(holder), id: backup, copy });
  },
});

/** The other environment goes its own way under newer tokens; that is no word about who may act here. */
async function isOverruledThere({ world }: StepContext, server: string, error: unknown): Promise<boolean> {
  if (!(error instanceof Problem) || error.kind !== "stale-token") return false;
  await (await world.provider.open(world.environment, server)).claim();
  return true;
}
