/** Take a backup, start it on a spare server and compare it with its source, table by table. */
import { z } from "zod";
import { backupReasons } from "../model/backup.ts";
import { defineStep } from "../model/step.ts";
import { describeBackup, proveBackup, unproven } from "./parts/proof.ts";
import { serverRecord } from "./parts/shapes.ts";
import { one } from "./parts/words.ts";

export const restoreBackup = defineStep({
  name: "restore-backup",
  input: z.strictObject({
    source: z.string(),
    spare: serverRecord,
    /** Short name of the backup; the upgrade's id is put before it. */
    backup: z.string(),
    /** "upgrade" when left out. */
    why: z.enum(backupReasons).optional(),
    copyMs: z.number(),
  }),
  undoable: "always",
  grows: true,
  says: ({ source, spare, backup }) =>
    `Back up "${source}" (${backup}), start the backup on "${spare.name}" and compare every table`,
  byHand: ({ source, spare, backup }) => ({
    act: `Back up ${one(source)} (name it ${backup}), restore that on the spare server ${one(spare.name)} and start it there, following nobody.`,
    see: `Number of rows and checksum of every table are equal on both.`,
    back: `Retire ${one(spare.name)}; keep the backup.`,
  }),
  limitMs: ({ copyMs }) => copyMs,
  async apply({ world, upgrade }, { source, spare, backup, why }) {
    const database = await world.database(source);
    const taken = await database.backup(`${upgrade}-${backup}`, why);
    await describeBackup(world, database, taken);
    await world.provider.retire(spare.environment, spare.name);
    await world.provider.launch(spare);
    await (await world.database(spare.name)).restore(database, taken.id);
  },
  async verify(context, { source, spare, backup }) {
    const { world, upgrade } = context;
    const id = `${upgrade}-${backup}`;
    const holder = await world.database(source);
    const there = (await world.provider.find(spare.environment, spare.name)) !== null;
    if (!there) throw unproven(id, "it was not started yet");
    const copy = await world.database(spare.name);
    const evidence = await proveBackup(context, { holder, id, copy, against: "source" });
    const position = await holder.position();
    if (position === evidence.position) return evidence;
    throw unproven(id, `it stands at ${evidence.position}, its source at ${position}`);
  },
  async undo({ world }, { spare }) {
    await world.provider.retire(spare.environment, spare.name);
  },
});
