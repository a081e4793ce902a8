/** Take servers out of a pool on every load balancer, drained first. */
import { z } from "zod";
import { Problem } from "../model/problem.ts";
import { defineStep } from "../model/step.ts";
import { each } from "./parts/each.ts";
import { runningLoadBalancers } from "./parts/running.ts";
import { member, servers, slot } from "./parts/shapes.ts";
import { all } from "./parts/words.ts";

export const leavePool = defineStep({
  name: "leave-pool",
  input: z.strictObject({
    loadBalancers: servers,
    slot,
    members: servers,
    drainMs: z.number(),
    /** So many others must be healthy there; not looked at when left out. */
    atLeast: z.number().optional(),
    /** What the way back puts in again; when left out, nothing. */
    rejoin: z.array(member).optional(),
  }),
  undoable: "always",
  says: ({ members, slot: which }) => `Take ${members.map((name) => `"${name}"`).join(", ")} out of pool ${which}`,
  byHand: ({ loadBalancers, slot: which, members, drainMs, rejoin }) => ({
    act: `On ${all(loadBalancers)} let ${all(members)} have no new sessions in pool ${which}, wait until they have none, at most ${drainMs / 1000} s, then take them out.`,
    see: "They are in that pool nowhere.",
    back: rejoin ? "Put them in again." : null,
  }),
  limitMs: ({ drainMs }) => drainMs + 30_000,
  async check({ world }, { loadBalancers, slot: which, members, atLeast }) {
    if (atLeast === undefined) return;
    await each(loadBalancers, async (name) => {
      const seen = await (await world.loadBalancer(name)).members(which);
      // A try that was cut short may have taken them out already.
      if (!seen.some(({ server }) => members.includes(server))) return;
      const others = seen.filter(
        ({ server, healthy, state }) => !members.includes(server) && healthy && state === "ready",
      );
      if (others.length >= atLeast) return;
      throw new Problem("refused", {
        what: `${all(members)} can't leave pool ${which} of "${name}"`,
        why: `${others.length} healthy ${others.length === 1 ? "server" : "servers"} would be left, and ${atLeast} must be`,
        next: `changeover status ${world.environment}`,
      });
    });
  },
  async apply({ world }, { loadBalancers, slot: which, members, drainMs }) {
    await each(loadBalancers, async (name) => {
      const loadBalancer = await world.loadBalancer(name);
      for (const server of members) await loadBalancer.removeMember(which, server, drainMs);
    });
  },
  async verify({ world }, { loadBalancers, slot: which, members }) {
    for (const name of loadBalancers) {
      const seen = await (await world.loadBalancer(name)).members(which);
      const left = seen.filter(({ server }) => members.includes(server)).map(({ server }) => server);
      if (left.length === 0) continue;
      throw new Problem("step-failed", {
        what: `servers are still in pool ${which} of "${name}"`,
        why: left.join(", "),
        next: "changeover status",
      });
    }
    return { left: members.length };
  },
  async undo(context, { loadBalancers, slot: which, rejoin = [] }) {
    if (rejoin.length === 0) return;
    await each(await runningLoadBalancers(context, loadBalancers), async (name) => {
      const loadBalancer = await context.world.loadBalancer(name);
      for (const one of rejoin) await loadBalancer.addMember(which, one);
    });
  },
});
