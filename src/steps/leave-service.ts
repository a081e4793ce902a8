/** Take servers out of the pool that serves and stop what runs there, which tells its clients first; they come back when it is undone. */
import { z } from "zod";
import { Problem } from "../model/problem.ts";
import { defineStep, type StepContext } from "../model/step.ts";
import { joinPool } from "./join-pool.ts";
import { leavePool } from "./leave-pool.ts";
import { each } from "./parts/each.ts";
import { runningLoadBalancers } from "./parts/running.ts";
import { namesThere } from "./parts/records.ts";
import { checks, member, servers, slot } from "./parts/shapes.ts";
import { takeLeave } from "./parts/take-leave.ts";
import { all } from "./parts/words.ts";
import { startRole } from "./start-role.ts";
import { stopRole } from "./stop-role.ts";

const input = z.strictObject({
  loadBalancers: servers,
  slot,
  members: z.array(member).min(1),
  /** Those of them that run a worker. */
  workers: z.array(z.string()),
  drainMs: z.number(),
  graceMs: z.number(),
  healthyMs: z.number(),
  good: checks,
});
type Input = z.infer<typeof input>;

export const leaveService = defineStep({
  name: "leave-service",
  input,
  undoable: "always",
  says: ({ members, slot: pool }) => `Take ${all(namesOf(members))} out of pool ${pool} and stop what runs there`,
  byHand: ({ loadBalancers, members, slot: pool, drainMs }) => ({
    act: `On ${all(loadBalancers)} let ${all(namesOf(members))} have no new sessions in pool ${pool}; requests in flight have ${drainMs / 1000} s. Stop the application on them, which tells who is still connected to go elsewhere; then take them out of the pool.`,
    see: "They are in no pool, and no process of the application lives on them.",
    back: "Start the application on them, and put them into the pool again when every check holds.",
  }),
  limitMs: ({ drainMs, graceMs, healthyMs }) => 2 * drainMs + 2 * graceMs + healthyMs + 60_000,
  async apply(context, asked) {
    const { loadBalancers, slot: pool, members, drainMs, graceMs } = asked;
    await takeLeave(context, { loadBalancers, slot: pool, servers: namesOf(members), drainMs, graceMs });
    // Side by side: each may need the whole time.
    await each(loadBalancers, async (name) => {
      const loadBalancer = await context.world.loadBalancer(name);
      await each(members, ({ server }) => loadBalancer.removeMember(pool, server, drainMs));
    });
    for (const stop of stops(asked)) await stopRole.apply(context, stop);
  },
  async verify(context, asked) {
    const { loadBalancers, slot: pool, members, drainMs } = asked;
    await leavePool.verify(context, { loadBalancers, slot: pool, members: namesOf(members), drainMs });
    for (const stop of stops(asked)) await stopRole.verify(context, stop);
    return { pool, left: namesOf(members).join(", ") };
  },
  undo: comeBack,
});

const namesOf = (members: Input["members"]): string[] => members.map(({ server }) => server);

const stops = ({ members, workers, graceMs }: Input) => [
  { servers: namesOf(members), role: "web" as const, graceMs },
  ...(workers.length > 0 ? [{ servers: workers, role: "worker" as const, graceMs }] : []),
];

/** Of those that are still there. */
async function comeBack(context: StepContext, asked: Input): Promise<void> {
  const there = await namesThere(context);
  const members = asked.members.filter(({ server }) => there.has(server));
  if (members.length === 0) return;
  const { slot: pool, healthyMs, graceMs, good } = asked;
  const web = { servers: namesOf(members), role: "web" as const, good, healthyMs, graceMs };
  const workers = asked.workers.filter((name) => there.has(name));
  for (const start of [
    web,
    ...(workers.length > 0 ? [{ ...web, servers: workers, role: "worker" as const, good: null }] : []),
  ]) {
    await startRole.apply(context, start);
    await startRole.verify(context, start);
  }
  const loadBalancers = await runningLoadBalancers(context, asked.loadBalancers);
  await joinPool.apply(context, { loadBalancers, slot: pool, members, healthyMs });
  await joinPool.verify(context, { loadBalancers, slot: pool, members, healthyMs });
  const late = asked.loadBalancers.filter((name) => !loadBalancers.includes(name));
  if (late.length === 0) return;
  throw new Problem("unreachable", {
    what: `${all(namesOf(members))} can't be put back into the pool everywhere`,
    why: `${all(late)} does not run`,
    next: "changeover doctor, start it, then: changeover rollback",
  });
}
