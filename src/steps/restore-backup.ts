/** Take a backup, start it on a spare server and compare it with its source, table by table. */
import { z } from "zod";
import type { TableSum } from "../model/database.ts";
import { Problem } from "../model/problem.ts";
import { defineStep } from "../model/step.ts";
import { serverRecord } from "./parts/shapes.ts";
import { one } from "./parts/words.ts";

export const restoreBackup = defineStep({
  name: "restore-backup",
  input: z.strictObject({
    source: z.string(),
    spare: serverRecord,
    /** Short name of the backup; the upgrade's id is put before it. */
    backup: z.string(),
    copyMs: z.number(),
  }),
  undoable: "always",
  says: ({ source, spare, backup }) =>
    `Back up "${source}" (${backup}), start the backup on "${spare.name}" and compare every table`,
  byHand: ({ source, spare, backup }) => ({
    act: `Back up ${one(source)} (name it ${backup}), restore that on the spare server ${one(spare.name)} and start it there, following nobody.`,
    see: `Number of rows and checksum of every table are equal on both.`,
    back: `Retire ${one(spare.name)}; keep the backup.`,
  }),
  limitMs: ({ copyMs }) => copyMs,
  async apply({ world, upgrade }, { source, spare, backup }) {
    const database = await world.database(source);
    const taken = await database.backup(`${upgrade}-${backup}`);
    await world.provider.retire(spare.environment, spare.name);
    await world.provider.launch(spare);
    await (await world.database(spare.name)).restore(database, taken.id);
  },
  async verify({ world, upgrade }, { source, spare, backup }) {
    const id = `${upgrade}-${backup}`;
    const database = await world.database(source);
    const taken = (await database.backups()).find((one) => one.id === id);
    const there = (await world.provider.list(spare.environment)).some(({ name }) => name === spare.name);
    if (!taken || !there) throw unproven(id, "it is not there yet");
    const [wanted, seen] = [await database.checksums(), await (await world.database(spare.name)).checksums()];
    const differs = difference(wanted, seen);
    if (differs) throw unproven(id, differs);
    const position = await database.position();
    if (position !== taken.position) throw unproven(id, `it stands at ${taken.position}, its source at ${position}`);
    const rows = wanted.reduce((sum, table) => sum + table.rows, 0);
    return { backup: id, position, bytes: taken.bytes, tables: wanted.length, rows };
  },
  async undo({ world }, { spare }) {
    await world.provider.retire(spare.environment, spare.name);
  },
});

function difference(wanted: TableSum[], seen: TableSum[]): string | null {
  const text = (sums: TableSum[]) => new Map(sums.map(({ table, rows, sum }) => [table, `${rows} rows, sum ${sum}`]));
  const [left, right] = [text(wanted), text(seen)];
  for (const table of new Set([...left.keys(), ...right.keys()])) {
    if (left.get(table) === right.get(table)) continue;
    return `table "${table}": source ${left.get(table) ?? "has none"}, restored copy ${right.get(table) ?? "has none"}`;
  }
  return null;
}

const unproven = (id: string, why: string): Problem =>
  new Problem("step-failed", { what: `backup "${id}" is not proven`, why, next: "changeover status, then plan again" });
