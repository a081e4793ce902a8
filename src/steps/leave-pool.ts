/** Take servers out of a pool on every load balancer, drained first. */
import { z } from "zod";
import { Problem } from "../model/problem.ts";
import { defineStep } from "../model/step.ts";
import { each } from "./parts/each.ts";
import { servers, slot } from "./parts/shapes.ts";
import { takeLeave } from "./parts/take-leave.ts";
import { all } from "./parts/words.ts";

export const leavePool = defineStep({
  name: "leave-pool",
  input: z.strictObject({
    loadBalancers: servers,
    slot,
    members: servers,
    drainMs: z.number(),
    /** Web is stopped with this grace before they leave; it runs on when left out. */
    graceMs: z.number().optional(),
  }),
  undoable: "always",
  says: ({ members, slot: which }) => `Take ${members.map((name) => `"${name}"`).join(", ")} out of pool ${which}`,
  byHand: ({ loadBalancers, slot: which, members, drainMs, graceMs }) => ({
    act: `On ${all(loadBalancers)} let ${all(members)} have no new sessions in pool ${which}, wait until they have none, at most ${drainMs / 1000} s, then ${graceMs === undefined ? "" : "stop web there and "}take them out.`,
    see: "They are in that pool nowhere.",
    back: null,
  }),
  limitMs: ({ drainMs, graceMs = 0 }) => drainMs + graceMs + 30_000,
  async apply(context, { loadBalancers, slot: which, members, drainMs, graceMs }) {
    if (graceMs !== undefined) {
      await takeLeave(context, { loadBalancers, slot: which, servers: members, drainMs, graceMs });
    }
    await each(loadBalancers, async (name) => {
      const loadBalancer = await context.world.loadBalancer(name);
      await each(members, (server) => loadBalancer.removeMember(which, server, graceMs === undefined ? drainMs : 0));
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
});
