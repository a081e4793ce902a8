/** Back up a lent replica, start the backup as the clone's database and compare them, table by table. */
import { one } from "./parts/words.ts";
import { z } from "zod";
import { defineStep } from "../model/step.ts";
import { atOrigin } from "./parts/origin.ts";
import { describeBackup, proveBackup } from "./parts/proof.ts";

/** Short name of the backup; the upgrade's id is put before it. */
const BACKUP = "lent";
export const lentBackup = (upgrade: string): string => `${upgrade}-${BACKUP}`;

export const copyData = defineStep({
  name: "copy-data",
  input: z.strictObject({ environment: z.string(), source: z.string(), server: z.string(), copyMs: z.number() }),
  undoable: "always",
  grows: true,
  says: ({ environment, source, server }) =>
    `Back up "${source}" of "${environment}", start the backup on "${server}" and compare every table`,
  byHand: ({ environment, source, server }) => ({
    act: `Back up ${one(source)} of ${one(environment)}, restore that on ${one(server)} and start it there, following nobody.`,
    see: "Number of rows and checksum of every table are equal on both.",
    back: "Remove the backup.",
  }),
  limitMs: ({ copyMs }) => copyMs,
  async apply(context, { environment, source, server }) {
    const { world } = await atOrigin(context, environment, source);
    const origin = await world.database(source);
    const taken = await origin.backup(lentBackup(context.upgrade));
    await describeBackup(world, origin, taken);
    await (await context.world.database(server)).restore(origin, taken.id);
  },
  async verify(context, { environment, source, server }) {
    const { world } = await atOrigin(context, environment, source);
    const [holder, copy] = [await world.database(source), await context.world.database(server)];
    return proveBackup(context, { holder, id: lentBackup(context.upgrade), copy, against: "source" });
  },
  async undo(context, { environment, source }) {
    const { world } = await atOrigin(context, environment, source);
    await (await world.database(source)).removeBackup(lentBackup(context.upgrade));
  },
});
