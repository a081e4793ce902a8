/** Stop a generation's processes: workers at once, web when its requests in flight have ended. */
import { z } from "zod";
import type { HttpCheck } from "../model/application.ts";
import { Problem } from "../model/problem.ts";
import { defineStep, type StepContext } from "../model/step.ts";
import { each } from "./parts/each.ts";
import { runningLoadBalancers } from "./parts/running.ts";
import { servers, slot } from "./parts/shapes.ts";
import { httpCheckSchema } from "../model/environment.ts";
import { all } from "./parts/words.ts";

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
  byHand: ({ servers: names, workers, drainMs }) => ({
    act: `${workers.length > 0 ? `Stop the workers on ${all(workers)}. ` : ""}Wait until no request is in flight, at most ${drainMs / 1000} s, then stop web on ${all(names)}.`,
    see: "No process of the old release lives.",
    back: "Start them again and look at each.",
  }),
  limitMs: ({ drainMs, graceMs, healthyMs }) => drainMs + 2 * graceMs + 2 * healthyMs + 60_000,
  async apply(context, { servers: names, workers, drainMs, graceMs, ...where }) {
    const { world, until } = context;
    await each(workers, async (name) => (await world.application(name)).stop("worker", graceMs));
    await until(drainMs, async () => (await sessionsInFlight(context, where)) === 0, 20);
    const left = await sessionsInFlight(context, where);
    if (left > 0) await context.tell({ sessionsCut: left });
    await each(names, async (name) => (await world.application(name)).stop("web", graceMs));
  },
  async verify({ world }, { servers: names, workers }) {
    const alive: string[] = [];
    await each([...new Set([...names, ...workers])], async (name) => {
      const application = await world.application(name);
      for (const role of ["web", "worker"] as const) {
        const { state } = await application.state(role);
        // One that fails may come up again, or may not have ended yet.
        if (state !== "stopped" && state !== "absent") alive.push(`${role} on "${name}" is ${state}`);
      }
    });
    if (alive.length === 0) return { stopped: names.length, workers: workers.length };
    throw new Problem("step-failed", {
      what: "old processes did not stop",
      why: alive.join(", "),
      next: "stop them by hand, then plan again",
    });
  },
  async undo(context, { servers: names, workers, health, healthyMs, loadBalancers, slot: which }) {
    const { world, until } = context;
    const back = await each(names, async (name) => ((await comesBack(context, name, health, healthyMs)) ? name : null));
    if (back.every((name) => name === null))
      throw unhealthy(names.join(", "), "none of the old servers answers its health check");
    await each(workers, async (name) => (await world.application(name)).start("worker"));
    await each(await runningLoadBalancers(context, loadBalancers), async (name) => {
      const loadBalancer = await world.loadBalancer(name);
      const sees = async () =>
        (await loadBalancer.members(which))
          .filter(({ server }) => back.includes(server))
          .every(({ healthy }) => healthy);
      if (!(await until(15_000, sees))) throw unhealthy(name, "it does not see the old servers healthy");
    });
  },
});

/** One that runs gets its time before it is started anew: its database may have moved, or it may only be slow. */
async function comesBack(context: StepContext, name: string, health: HttpCheck, healthyMs: number): Promise<boolean> {
  const application = await context.world.application(name);
  const answers = async () => (await application.probe(health, 2_000)) === null;
  if ((await application.state("web")).state === "running" && (await context.until(healthyMs, answers))) return true;
  await application.stop("web", 1_000);
  await application.start("web");
  return (await context.until(healthyMs, answers)) === true;
}

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
