/** Lets servers take leave of their clients before they leave a pool: a load balancer can only cut a connection, the application can end it. */
import type { StepContext } from "../../model/step.ts";
import { each } from "./each.ts";
import { namesThere } from "./records.ts";
import { type Pool, sum, tryOpenSessions } from "./sessions.ts";

export interface Leave extends Pool {
  servers: string[];
  /** What they have in flight may take so long; then web is stopped. */
  drainMs: number;
  graceMs: number;
}

export async function takeLeave(context: StepContext, leave: Leave): Promise<void> {
  const { world, until } = context;
  const { loadBalancers, slot, servers, drainMs, graceMs } = leave;
  const members = await each(loadBalancers, async (name) => {
    const loadBalancer = await world.loadBalancer(name);
    const inIt = (await loadBalancer.members(slot)).filter(({ server }) => servers.includes(server));
    await each(inIt, ({ server }) => loadBalancer.drainMember(slot, server));
    return inIt.map(({ server }) => server);
  });
  // One that never joined has no clients to take leave of.
  const leaving = [...new Set(members.flat())];
  await until(drainMs, async () => {
    const open = await tryOpenSessions(context, { loadBalancers, slot }, leaving);
    return open !== null && sum(open) === 0;
  });
  const there = await namesThere(context);
  await each(
    leaving.filter((name) => there.has(name)),
    async (name) => {
      await (await world.application(name)).stop("web", graceMs);
    },
  );
}
