/** Assert that the backup is there and proven, that its source replicates again, and that no spare is left. */
import { z } from "zod";
import { isVerified } from "../model/backup.ts";
import { Problem } from "../model/problem.ts";
import { defineStep } from "../model/step.ts";
import { one } from "./parts/words.ts";

export const assertBackup = defineStep({
  name: "assert-backup",
  input: z.strictObject({
    source: z.string(),
    /** Short name of the backup; the upgrade's id is put before it. */
    backup: z.string(),
    primary: z.string(),
    spare: z.string(),
  }),
  undoable: "always",
  says: ({ source, backup }) =>
    `Assert that backup ${backup} of "${source}" is proven and that nothing else has changed`,
  byHand: ({ source, spare }) => ({
    act: `Look at the new backup of ${one(source)}, at ${one(source)} itself and at the list of servers.`,
    see: `The backup is written down as proven, ${one(source)} replicates without error, ${one(spare)} is gone.`,
    back: null,
  }),
  limitMs: () => 30_000,
  async apply() {},
  async verify({ world, upgrade }, { source, backup, primary, spare }) {
    const id = `${upgrade}-${backup}`;
    const database = await world.database(source);
    const [health, found] = [await database.health(), (await database.backups()).find((one) => one.id === id)];
    const wanted = (await world.database(primary)).address;
    const wrong = [
      ...(found && isVerified(found) ? [] : [found ? `${id} is not proven` : `there is no ${id}`]),
      ...(health.replicating && health.following === wanted ? [] : [`"${source}" does not replicate`]),
      ...((await world.provider.find(world.environment, spare)) !== null ? [`"${spare}" is still there`] : []),
    ];
    if (found?.verified && wrong.length === 0) {
      const { tables, rows } = found.verified;
      return { backup: id, position: found.position, bytes: found.bytes, tables, rows };
    }
    throw new Problem("step-failed", {
      what: `backup "${id}" did not end well`,
      why: wrong.join("; "),
      next: "changeover backups",
    });
  },
});
