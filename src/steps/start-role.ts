/** Start a role of the application on servers and probe each of them, itself, until its checks hold. */
import { z } from "zod";
import type { HttpCheck } from "../model/application.ts";
import { httpCheckSchema } from "../model/environment.ts";
import { Problem } from "../model/problem.ts";
import { defineStep, type StepContext } from "../model/step.ts";
import { each } from "./parts/each.ts";
import { role, servers } from "./parts/shapes.ts";

const PROBE_MS = 5_000;

export const startRole = defineStep({
  name: "start-role",
  input: z.strictObject({
    servers,
    role,
    /** Asked of each server itself; empty for a worker, which then only has to stay up. */
    checks: z.array(httpCheckSchema),
    healthyMs: z.number(),
    graceMs: z.number(),
  }),
  undoable: "always",
  says: ({ servers: names, role: which, checks }) =>
    `Start ${which} on ${names.map((name) => `"${name}"`).join(", ")}${checks.length > 0 ? " and probe each" : ""}`,
  limitMs: ({ healthyMs, servers: names }) => healthyMs + names.length * 10_000,
  async apply({ world }, { servers: names, role: which }) {
    await each(names, async (name) => (await world.application(name)).start(which));
  },
  async verify(context, { servers: names, role: which, checks, healthyMs }) {
    await each(names, async (name) => {
      const missed = await lastMiss(context, name, checks, healthyMs);
      const state = await (await context.world.application(name)).state(which);
      if (missed === null && state.state === "running") return;
      throw new Problem("unhealthy", {
        what: `${which} on "${name}" is not good`,
        why: `${missed ?? `it is ${state.state}`}${state.tail ? ` · its log ends: ${state.tail.trim().slice(-400)}` : ""}`,
        next: "mend the release or its inputs, then plan again",
      });
    });
    return { good: names.length };
  },
  async undo({ world }, { servers: names, role: which, graceMs }) {
    await each(names, async (name) => (await world.application(name)).stop(which, graceMs));
  },
});

/** Null when every check held at once within the limit. */
async function lastMiss(context: StepContext, name: string, checks: HttpCheck[], healthyMs: number) {
  const application = await context.world.application(name);
  let missed: string | null = null;
  const good = await context.until(healthyMs, async () => {
    missed = null;
    for (const check of checks) {
      missed = await application.probe(check, PROBE_MS);
      if (missed !== null) return false;
    }
    return true;
  });
  return good ? null : (missed ?? "no check was asked");
}
