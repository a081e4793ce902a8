/** Start a role of the application on servers and probe each of them, itself, until its checks hold. */
import { z } from "zod";
import { Problem } from "../model/problem.ts";
import { defineStep } from "../model/step.ts";
import { each } from "./parts/each.ts";
import { cleanUpOn, lastMiss, sayChecks, scriptMs } from "./parts/asking.ts";
import { namesThere } from "./parts/records.ts";
import { checks, role, servers } from "./parts/shapes.ts";
import { all } from "./parts/words.ts";

export const startRole = defineStep({
  name: "start-role",
  input: z.strictObject({
    servers,
    role,
    /** Must all hold on each server itself; null for a worker, which only has to stay up. */
    good: checks.nullable(),
    healthyMs: z.number(),
    graceMs: z.number(),
  }),
  undoable: "always",
  says: ({ servers: names, role: which, good }) =>
    `Start ${which} on ${names.map((name) => `"${name}"`).join(", ")}${good ? ` and probe each: ${sayChecks(good)}` : ""}`,
  byHand: ({ servers: names, role: which, good }) => ({
    act: `On ${all(names)} start ${which}.${good ? ` On each of them, past the load balancers, run the checks: ${sayChecks(good)}. Take away what they wrote.` : ""}`,
    see: good ? "Every check holds on every server. A green health check alone is no evidence." : "It stays up.",
    back: "Stop it again.",
  }),
  limitMs: ({ healthyMs, servers: names, good }) => healthyMs + names.length * 10_000 + scriptMs(good),
  async apply({ world }, { servers: names, role: which }) {
    await each(names, async (name) => (await world.application(name)).start(which));
  },
  async verify(context, { servers: names, role: which, good, healthyMs }) {
    await each(names, async (name) => {
      const application = await context.world.application(name);
      const missed = good ? await lastMiss(context, application, good, healthyMs) : null;
      const state = await application.state(which);
      if (missed === null && state.state === "running") return;
      throw new Problem("unhealthy", {
        what: `${which} on "${name}" is not good`,
        why: `${missed ?? `it is ${state.state}`}${state.tail ? ` · its log ends: ${state.tail.trim().slice(-400)}` : ""}`,
        next: "mend the release or its inputs, then plan again",
      });
    });
    return { good: names.length, ...(good ? { checks: sayChecks(good) } : {}) };
  },
  async undo(context, { servers: names, role: which, good, graceMs }) {
    const { world } = context;
    // One that was retired since runs nothing.
    const there = await namesThere(context);
    const left = names.filter((name) => there.has(name));
    await each(left, async (name) => {
      const application = await world.application(name);
      const { state } = await application.state(which);
      if (good !== null && state === "running") await cleanUpOn(context, application, good);
      await application.stop(which, graceMs);
    });
  },
});
