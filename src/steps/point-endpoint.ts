/** Point a generation's database endpoint, on every load balancer. */
import { z } from "zod";
import { Problem } from "../model/problem.ts";
import { defineStep } from "../model/step.ts";
import { each } from "./parts/each.ts";
import { runningLoadBalancers } from "./parts/running.ts";
import { endpoint, servers, slot } from "./parts/shapes.ts";
import { all, one } from "./parts/words.ts";

export const pointEndpoint = defineStep({
  name: "point-endpoint",
  input: z.strictObject({ loadBalancers: servers, slot, to: endpoint, database: z.string() }),
  undoable: "always",
  says: ({ slot: which, database }) => `Point database endpoint ${which} to "${database}"`,
  byHand: ({ loadBalancers, slot: which, to, database }) => ({
    act: `On ${all(loadBalancers)} lead database endpoint ${which} to ${one(database)} (${to.address}:${to.port}).`,
    see: "A connection to the endpoint ends there.",
    back: "Close it.",
  }),
  limitMs: () => 20_000,
  async apply({ world }, { loadBalancers, slot: which, to }) {
    await each(loadBalancers, async (name) => (await world.loadBalancer(name)).setEndpoint(which, to));
  },
  async verify({ world }, { loadBalancers, slot: which, to }) {
    for (const name of loadBalancers) {
      const seen = await (await world.loadBalancer(name)).readEndpoint(which);
      if (seen?.address === to.address && seen.port === to.port) continue;
      throw new Problem("step-failed", {
        what: `database endpoint ${which} on "${name}" is not ${to.address}:${to.port}`,
        why: `it is ${seen ? `${seen.address}:${seen.port}` : "nowhere"}`,
        next: "changeover status",
      });
    }
    return { endpoint: `${to.address}:${to.port}`, loadBalancers: loadBalancers.length };
  },
  async undo(context, { loadBalancers, slot: which }) {
    await each(await runningLoadBalancers(context, loadBalancers), async (name) =>
      (await context.world.loadBalancer(name)).setEndpoint(which, null),
    );
  },
});
