/** Start a backup on a server of its own and prove it by what was written down when it was taken. */
import { z } from "zod";
import { defineStep } from "../model/step.ts";
import { mayServe } from "./parts/may-serve.ts";
import { blaming, proveBackup, unproven } from "./parts/proof.ts";
import { serverRecord, servers, slot } from "./parts/shapes.ts";
import { one } from "./parts/words.ts";

export const startBackup = defineStep({
  name: "start-backup",
  input: z.strictObject({
    /** The server that holds the backup; it need not run. */
    holder: z.string(),
    backup: z.string(),
    record: serverRecord,
    copyMs: z.number(),
    /** Endpoints that may lead to it by the time it is to be taken away; null for one that never serves. */
    serves: z.strictObject({ loadBalancers: servers, slot }).nullable(),
  }),
  undoable: "always",
  says: ({ holder, backup, record }) =>
    `Start backup "${backup}" of "${holder}" on "${record.name}" and compare it with what was written down when it was taken`,
  byHand: ({ holder, backup, record }) => ({
    act: `Get a server ${one(record.name)} (${record.address}), restore backup ${backup} of ${one(holder)} on it and start it there, following nobody.`,
    see: "Number of rows and checksum of every table are what was written down when the backup was taken.",
    back: `Retire ${one(record.name)}; keep the backup.`,
  }),
  limitMs: ({ copyMs }) => copyMs,
  async check({ world }, { holder, backup }) {
    const found = (await (await world.database(holder)).backups()).find(({ id }) => id === backup);
    if (found?.content) return;
    throw unproven(backup, found ? "nobody wrote down what its source held" : `"${holder}" does not have it`);
  },
  async apply({ world }, { holder: name, backup, record }) {
    await world.provider.launch(record);
    const [holder, copy] = [await world.database(name), await world.database(record.name)];
    // A copy that breaks off is not the backup's fault; a database that does not start from it is.
    await blaming(world.clock.now(), holder, backup, ["unhealthy"], () => copy.restore(holder, backup));
  },
  async verify(context, { holder: name, backup, record }) {
    const { world } = context;
    const there = (await world.provider.find(record.environment, record.name)) !== null;
    if (!there) throw unproven(backup, "it was not started yet");
    const [holder, copy] = [await world.database(name), await world.database(record.name)];
    return proveBackup(context, { holder, id: backup, copy, against: "record" });
  },
  async undo(context, { record, serves }) {
    const { provider } = context.world;
    const there = (await provider.find(record.environment, record.name)) !== null;
    if (!there || (serves && (await mayServe(context, record, serves)))) return;
    await provider.retire(record.environment, record.name);
  },
});
