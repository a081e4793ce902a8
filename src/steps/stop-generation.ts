/** Stop a generation's processes: workers at once, web when its requests in flight have ended. */
import { z } from "zod";
import { Problem } from "../model/problem.ts";
import { defineStep, type StepContext } from "../model/step.ts";
import { each } from "./parts/each.ts";
import { servers, slot } from "./parts/shapes.ts";
import { httpCheckSchema } from "../model/environment.ts";

export const stopGeneration = defineStep({
  name: "stop-generation",
  input: z.strictObject({
    servers,
    workers: z.array(z.string()),
    loadBalancers: servers,
    slot,
    health: httpCheckSchema,
    drainMs: z.number(),
    graceMs: z.number(),
    healthyMs: z.number(),
  }),
  undoable: "until-writes",
  says: ({ servers: names }) =>
    `Stop workers and web on the old servers: ${names.map((name) => `"${name}"`).join(", ")}`,
  limitMs: ({ drainMs, graceMs }) => drainMs + 2 * graceMs + 30_000,
  async apply(context, { servers: names, workers, drainMs, graceMs, ...where }) {
    const { world, until } = context;
    await each(workers, async (name) => (await world.application(name)).stop("worker", graceMs));
    await until(drainMs, async () => (await sessionsInFlight(context, where)) === 0, 20);
    await each(names, async (name) => (await world.application(name)).stop("web", graceMs));
  },
  async verify({ world }, { servers: names, workers }) {
    const running: string[] = [];
    await each(names, async (name) => {
      const application = await world.application(name);
      if ((await application.state("web")).state === "running") running.push(`web on ${name}`);
      if (workers.includes(name) && (await application.state("worker")).state === "running")
        running.push(`worker on ${name}`);
    });
    if (running.length === 0) return { stopped: names.length, workers: workers.length };
    throw new Problem("step-failed", {
      what: "old processes still run",
      why: running.join(", "),
      next: "stop them by hand, then plan again",
    });
  },
  async undo(context, { servers: names, workers, health, healthyMs, loadBalancers, slot: which }) {
    const { world, until } = context;
    // Restarted rather than started: their database may have moved underneath.
    await each(names, async (name) => {
      const application = await world.application(name);
      if (!(await application.probe(health, 2_000))) return;
      await application.stop("web", 1_000);
      await application.start("web");
      const good = await until(healthyMs, async () => (await application.probe(health, 2_000)) === null);
      if (!good) throw unhealthy(name, (await application.probe(health, 2_000)) ?? "it came up too late");
    });
    await each(workers, async (name) => (await world.application(name)).start("worker"));
    await each(loadBalancers, async (name) => {
      const loadBalancer = await world.loadBalancer(name);
      const ready = await until(15_000, async () =>
        (await loadBalancer.members(which)).every(({ healthy }) => healthy),
      );
      if (!ready) throw unhealthy(name, "it does not see every old server healthy");
    });
  },
});

async function sessionsInFlight(context: StepContext, where: { loadBalancers: string[]; slot: "a" | "b" }) {
  const counts = await each(where.loadBalancers, async (name) =>
    (await (await context.world.loadBalancer(name)).members(where.slot)).reduce(
      (sum, { sessions }) => sum + sessions,
      0,
    ),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

const unhealthy = (name: string, why: string): Problem =>
  new Problem("unhealthy", {
    what: `"${name}" did not come back`,
    why,
    next: "changeover status, then: changeover rollback",
  });
