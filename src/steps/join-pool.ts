/** Put servers into a pool on every load balancer and wait until its own checks find them healthy. */
import { z } from "zod";
import { Problem } from "../model/problem.ts";
import { defineStep } from "../model/step.ts";
import { each } from "./parts/each.ts";
import { runningLoadBalancers } from "./parts/running.ts";
import { member, servers, slot } from "./parts/shapes.ts";
import { takeLeave } from "./parts/take-leave.ts";
import { all } from "./parts/words.ts";

export const joinPool = defineStep({
  name: "join-pool",
  input: z.strictObject({
    loadBalancers: servers,
    slot,
    members: z.array(member).min(1),
    healthyMs: z.number(),
    /** What they have in flight may take so long when it is undone; a second when left out. */
    drainMs: z.number().optional(),
    /** When it is undone, web is stopped with this grace before they leave: it takes leave of who is still connected. */
    graceMs: z.number().optional(),
  }),
  undoable: "always",
  says: ({ members, slot: which }) => `Put ${members.map(({ server }) => `"${server}"`).join(", ")} into pool ${which}`,
  byHand: ({ loadBalancers, slot: which, members }) => ({
    act: `On ${all(loadBalancers)} put ${all(members.map(({ server }) => server))} into pool ${which}.`,
    see: "The load balancer's own check finds each of them healthy.",
    back: "Take them out again.",
  }),
  limitMs: ({ healthyMs, drainMs = 0, graceMs = 0 }) => healthyMs + drainMs + graceMs + 20_000,
  async apply({ world }, { loadBalancers, slot: which, members }) {
    await each(loadBalancers, async (name) => {
      const loadBalancer = await world.loadBalancer(name);
      await each(members, (one) => loadBalancer.addMember(which, one));
    });
  },
  async verify({ world, until }, { loadBalancers, slot: which, members, healthyMs }) {
    await each(loadBalancers, async (name) => {
      const loadBalancer = await world.loadBalancer(name);
      const missing = async () => {
        const seen = await loadBalancer.members(which);
        return members.filter(
          ({ server }) => !seen.some((one) => one.server === server && one.healthy && one.state === "ready"),
        );
      };
      if (await until(healthyMs, async () => (await missing()).length === 0)) return;
      const left = (await missing()).map(({ server }) => server);
      throw new Problem("unhealthy", {
        what: `"${name}" does not see every server of pool ${which} healthy`,
        why: `missing or unhealthy: ${left.join(", ")}`,
        next: "changeover status",
      });
    });
    return { pool: which, members: members.length, loadBalancers: loadBalancers.length };
  },
  async undo(context, asked) {
    const { slot: which, members, drainMs = 1_000, graceMs } = asked;
    const loadBalancers = await runningLoadBalancers(context, asked.loadBalancers);
    const leaving = members.map(({ server }) => server);
    if (graceMs !== undefined) {
      await takeLeave(context, { loadBalancers, slot: which, servers: leaving, drainMs, graceMs });
    }
    await each(loadBalancers, async (name) => {
      const loadBalancer = await context.world.loadBalancer(name);
      // Side by side: each may need the whole time.
      await each(leaving, (server) => loadBalancer.removeMember(which, server, graceMs === undefined ? drainMs : 0));
    });
  },
});
