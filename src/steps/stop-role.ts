/** Stop a role of the application on servers that serve nobody. */
import { z } from "zod";
import { Problem } from "../model/problem.ts";
import { defineStep } from "../model/step.ts";
import { each } from "./parts/each.ts";
import { checks, role, servers } from "./parts/shapes.ts";
import { all } from "./parts/words.ts";
import { startRole } from "./start-role.ts";

export const stopRole = defineStep({
  name: "stop-role",
  input: z.strictObject({
    servers,
    role,
    graceMs: z.number(),
    /** What it is started with and probed by when it is undone; it stays stopped when left out. */
    again: z.strictObject({ good: checks.nullable(), healthyMs: z.number() }).optional(),
  }),
  undoable: "always",
  says: ({ servers: names, role: which }) => `Stop ${which} on ${names.map((name) => `"${name}"`).join(", ")}`,
  byHand: ({ servers: names, role: which, again }) => ({
    act: `On ${all(names)} stop ${which}.`,
    see: "No process of it lives.",
    back: again ? "Start it again." : null,
  }),
  limitMs: ({ graceMs, again }) => graceMs + (again?.healthyMs ?? 0) + 20_000,
  async apply({ world }, { servers: names, role: which, graceMs }) {
    await each(names, async (name) => (await world.application(name)).stop(which, graceMs));
  },
  async verify({ world }, { servers: names, role: which }) {
    for (const name of names) {
      const { state } = await (await world.application(name)).state(which);
      if (state === "stopped" || state === "absent") continue;
      throw new Problem("step-failed", {
        what: `${which} on "${name}" did not stop`,
        why: `it is ${state}`,
        next: "changeover status",
      });
    }
    return { stopped: names.length };
  },
  async undo(context, { servers: names, role: which, graceMs, again }) {
    if (!again) return;
    const { world } = context;
    const there = new Set((await world.provider.list(world.environment)).map(({ name }) => name));
    const left = names.filter((name) => there.has(name));
    if (left.length === 0) return;
    const start = { servers: left, role: which, graceMs, ...again };
    await startRole.apply(context, start);
    await startRole.verify(context, start);
  },
});
