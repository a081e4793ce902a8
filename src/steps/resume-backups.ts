/** Let scheduled backups run on the primary and the replica, whichever servers these are by now, and on no other. */
import { z } from "zod";
import { isInService } from "../model/backup.ts";
import { Problem } from "../model/problem.ts";
import { defineStep } from "../model/step.ts";
import { databaseRecords, sayBackups, wrongSchedules } from "./parts/schedule-label.ts";

export const resumeBackups = defineStep({
  name: "resume-backups",
  input: z.strictObject({}),
  undoable: "always",
  says: () => "Let scheduled backups run on the primary and the replica, and on no other server",
  byHand: () => ({
    act: "Enable scheduled backups on the primary and the replica, and disable them on every other database server.",
    see: "They are enabled on exactly these two.",
    back: null,
  }),
  limitMs: () => 30_000,
  async apply({ world }) {
    for (const record of await databaseRecords(world)) {
      const wanted = isInService(record);
      // Nothing is written on a server on which they never ran.
      if (wanted || record.labels.backups !== undefined) await sayBackups(world, record, wanted);
    }
  },
  async verify({ world }) {
    const wrong = await wrongSchedules(world);
    const on = (await databaseRecords(world)).filter(isInService).map(({ name }) => name);
    if (wrong.length === 0) return { on: on.join(", ") };
    throw new Problem("step-failed", {
      what: "scheduled backups do not run where they should",
      why: wrong.join("; "),
      next: "changeover backups",
    });
  },
});
