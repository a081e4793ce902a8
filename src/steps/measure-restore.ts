/** Measure what a restore gives up: transactions since the backup, and each table that holds something else by now. */
import { z } from "zod";
import { inWords, tableDifferences } from "../model/content.ts";
import { Problem } from "../model/problem.ts";
import { defineStep } from "../model/step.ts";
import { one } from "./parts/words.ts";

export const measureRestore = defineStep({
  name: "measure-restore",
  input: z.strictObject({ primary: z.string(), restored: z.string(), copyMs: z.number() }),
  undoable: "always",
  says: ({ primary, restored }) => `Measure what "${primary}" holds and "${restored}" does not`,
  byHand: ({ primary, restored }) => ({
    act: `Count the rows and sum every table on ${one(primary)}, which is fenced, and on ${one(restored)}; write down both positions.`,
    see: "A list of the tables that differ, and the number of transactions between the positions.",
    back: null,
  }),
  limitMs: ({ copyMs }) => copyMs,
  async apply() {},
  async verify({ world }, { primary, restored }) {
    const [now, then] = [await world.database(primary), await world.database(restored)];
    const [position, since] = [await now.position(), await then.position()];
    const differs = tableDifferences(await now.checksums(), await then.checksums(), {
      left: `"${primary}" now`,
      right: "the backup",
    });
    if ((await now.health()).writable) {
      throw new Problem("step-failed", {
        what: `what "${primary}" holds can't be measured`,
        why: "it takes writes meanwhile",
        next: "changeover status",
      });
    }
    const transactions = (await now.transactionsSince(since)) ?? "unknown: another history";
    return { position, backupPosition: since, transactions, tables: differs.length, differs: inWords(differs) };
  },
});
