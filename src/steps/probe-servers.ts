/** Ask servers that run already whether every check holds on them; nothing is changed. */
import { z } from "zod";
import { Problem } from "../model/problem.ts";
import { defineStep } from "../model/step.ts";
import { cleanUpOn, lastMiss, sayChecks } from "./parts/asking.ts";
import { each } from "./parts/each.ts";
import { namesThere } from "./parts/records.ts";
import { checks, servers } from "./parts/shapes.ts";
import { all } from "./parts/words.ts";

export const probeServers = defineStep({
  name: "probe-servers",
  input: z.strictObject({ servers, good: checks, withinMs: z.number() }),
  undoable: "always",
  says: ({ servers: names, good }) => `Probe ${names.map((name) => `"${name}"`).join(", ")}: ${sayChecks(good)}`,
  byHand: ({ servers: names, good }) => ({
    act: `On ${all(names)}, past the load balancers, run the checks: ${sayChecks(good)}. Take away what they wrote.`,
    see: "Every check holds on every server.",
    back: "Take away what it wrote.",
  }),
  limitMs: ({ withinMs, servers: names }) => withinMs + names.length * 10_000,
  async apply() {},
  async verify(context, { servers: names, good, withinMs }) {
    await each(names, async (name) => {
      const application = await context.world.application(name);
      const missed = await lastMiss(context, application, good, withinMs);
      if (missed === null) return;
      throw new Problem("unhealthy", {
        what: `"${name}" is not good`,
        why: missed,
        next: `changeover server show ${context.world.environment} ${name}`,
      });
    });
    return { good: names.length, checks: sayChecks(good) };
  },
  async undo(context, { servers: names, good }) {
    const there = await namesThere(context);
    const left = names.filter((name) => there.has(name));
    await each(left, async (name) => {
      await cleanUpOn(context, await context.world.application(name), good);
    });
  },
});
