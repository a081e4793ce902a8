/** Open a fenced database: it takes writes again, and it is the only one that does. */
import { z } from "zod";
import { Problem } from "../model/problem.ts";
import { defineStep } from "../model/step.ts";
import { exportLost } from "./parts/lost.ts";
import { proveQuiet } from "./parts/quiet.ts";
import { all, one } from "./parts/words.ts";

export const openDatabase = defineStep({
  name: "open-database",
  input: z.strictObject({
    server: z.string(),
    /** Servers that must not be writable at the same time. */
    others: z.array(z.string()),
    /** What was written after this step's position is exported before the way back gives it up; null when none does. */
    lost: z.strictObject({ since: z.string(), quietMs: z.number(), exportMs: z.number() }).nullable().default(null),
  }),
  undoable: "always",
  says: ({ server }) => `Let "${server}" take writes again`,
  byHand: ({ server, others, lost }) => ({
    act: `On ${one(server)} let the application write again, also after a restart.${others.length > 0 ? ` Look first: ${all(others)} must take none.` : ""}`,
    see: `It is the only database that takes writes.`,
    back: lost
      ? "Fence it again. If the public was in already, first save what it wrote since: mariadb-binlog from the noted position."
      : "Fence it again.",
  }),
  limitMs: ({ lost }) => 60_000 + (lost?.exportMs ?? 0),
  async check({ world }, { others }) {
    for (const name of others) {
      const { writable, bootsWritable } = await (await world.database(name)).health();
      if (!writable && !bootsWritable) continue;
      throw new Problem("refused", {
        what: `there would be two writable primaries`,
        why: writable ? `"${name}" takes writes` : `"${name}" takes writes after its next boot`,
        next: "changeover status",
      });
    }
  },
  async apply({ world }, { server }) {
    const database = await world.database(server);
    // A migration that a crash cut short may have left its passage through the fence.
    await database.allowMigration(false);
    await database.unfence();
  },
  async verify({ world }, { server, others }) {
    const [writable, boots]: [string[], string[]] = [[], []];
    for (const name of [server, ...others]) {
      const health = await (await world.database(name)).health();
      if (health.writable) writable.push(name);
      if (health.bootsWritable) boots.push(name);
    }
    // One that is open and would come up closed is an outage that waits for the next restart.
    if (writable.join() === server && boots.join() === server) return { writable: server };
    throw new Problem("step-failed", {
      what: `"${server}" should be the one writable primary`,
      why: `writable: ${writable.join(", ") || "none"}; after their next boot: ${boots.join(", ") || "none"}`,
      next: "changeover status",
    });
  },
  /** After the reopening: fenced, proven quiet, and every row event since then in a file, before anybody else is promoted. */
  async undo(context, { server, lost }) {
    await (await context.world.database(server)).fence();
    const reopened = lost && (await context.evidenceOf(lost.since));
    if (!reopened) return { fenced: server };
    const position = await proveQuiet(context, server, lost.quietMs);
    return { fenced: server, ...(await exportLost(context, server, { since: String(reopened.position), position })) };
  },
});
