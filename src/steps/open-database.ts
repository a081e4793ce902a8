/** Open a fenced database: it takes writes again, and it is the only one that does. */
import { z } from "zod";
import { Problem } from "../model/problem.ts";
import { defineStep } from "../model/step.ts";

export const openDatabase = defineStep({
  name: "open-database",
  input: z.strictObject({
    server: z.string(),
    /** Servers that must not be writable at the same time. */
    others: z.array(z.string()),
  }),
  undoable: "always",
  says: ({ server }) => `Let "${server}" take writes again`,
  limitMs: () => 20_000,
  async check({ world }, { others }) {
    for (const name of others) {
      if (!(await (await world.database(name)).health()).writable) continue;
      throw new Problem("refused", {
        what: `there would be two writable primaries`,
        why: `"${name}" takes writes`,
        next: "changeover status",
      });
    }
  },
  async apply({ world }, { server }) {
    await (await world.database(server)).unfence();
  },
  async verify({ world }, { server, others }) {
    const writable: string[] = [];
    for (const name of [server, ...others]) {
      if ((await (await world.database(name)).health()).writable) writable.push(name);
    }
    if (writable.length === 1 && writable[0] === server) return { writable: server };
    throw new Problem("step-failed", {
      what: `"${server}" should be the one writable primary`,
      why: `writable: ${writable.join(", ") || "none"}`,
      next: "changeover status",
    });
  },
  async undo({ world }, { server }) {
    await (await world.database(server)).fence();
  },
});
