/** Stop a role of the application on servers for as long as the upgrade stands: it is started again when that is taken back. */
import { z } from "zod";
import { defineStep } from "../model/step.ts";
import { namesThere } from "./parts/records.ts";
import { checks, role, servers } from "./parts/shapes.ts";
import { all } from "./parts/words.ts";
import { startRole } from "./start-role.ts";
import { stopRole } from "./stop-role.ts";

export const haltRole = defineStep({
  name: "halt-role",
  input: z.strictObject({
    servers,
    role,
    graceMs: z.number(),
    /** What it is probed by when it is started again; null for a worker, which only has to stay up. */
    good: checks.nullable(),
    healthyMs: z.number(),
  }),
  undoable: "always",
  says: (asked) => stopRole.says(asked),
  byHand: (asked) => ({
    ...stopRole.byHand(asked),
    back: `Start ${asked.role} on ${all(asked.servers)} again.`,
  }),
  limitMs: (asked) => stopRole.limitMs(asked) + asked.healthyMs,
  apply: (context, asked) => stopRole.apply(context, asked),
  verify: (context, asked) => stopRole.verify(context, asked),
  /** On those that are still there. */
  async undo(context, { servers: names, ...start }) {
    const there = await namesThere(context);
    const left = names.filter((name) => there.has(name));
    if (left.length === 0) return;
    await startRole.apply(context, { servers: left, ...start });
    await startRole.verify(context, { servers: left, ...start });
  },
});
