/** Suspend scheduled backups while the data is changed; whether they run is written on the servers themselves. */
import { z } from "zod";
import { scheduleOn } from "../model/backup.ts";
import { Problem } from "../model/problem.ts";
import { defineStep } from "../model/step.ts";
import { databaseRecords, sayBackups } from "./parts/schedule-label.ts";
import { servers } from "./parts/shapes.ts";
import { all } from "./parts/words.ts";

export const suspendBackups = defineStep({
  name: "suspend-backups",
  /** Those on which they run now. */
  input: z.strictObject({ servers }),
  undoable: "always",
  says: ({ servers: names }) => `Suspend scheduled backups on ${names.map((name) => `"${name}"`).join(", ")}`,
  byHand: ({ servers: names }) => ({
    act: `Disable scheduled backups on ${all(names)}, and wait for one that runs.`,
    see: "No backup is scheduled on any server, and none runs.",
    back: "Enable them again.",
  }),
  limitMs: () => 30_000,
  async apply({ world }, { servers: names }) {
    for (const record of await databaseRecords(world)) {
      if (names.includes(record.name)) await sayBackups(world, record, false);
    }
  },
  async verify({ world }, { servers: names }) {
    const on = (await databaseRecords(world)).filter((record) => scheduleOn(record) === true).map(({ name }) => name);
    if (on.length === 0) return { suspended: names.join(", ") };
    throw new Problem("step-failed", {
      what: "scheduled backups are not suspended",
      why: `they run on ${on.join(", ")}`,
      next: "changeover backups",
    });
  },
  async undo({ world }, { servers: names }) {
    for (const record of await databaseRecords(world)) {
      if (names.includes(record.name) && record.labels.kept === undefined) await sayBackups(world, record, true);
    }
  },
});
