/** Open the isolated route: the test host name leads to green, and testers are let in. */
import { z } from "zod";
import { Problem } from "../model/problem.ts";
import { defineStep } from "../model/step.ts";
import { each } from "./parts/each.ts";
import { runningLoadBalancers } from "./parts/running.ts";
import { servers, slot } from "./parts/shapes.ts";
import { all } from "./parts/words.ts";

export const openTestRoute = defineStep({
  name: "open-test-route",
  input: z.strictObject({ loadBalancers: servers, slot, testHost: z.string() }),
  undoable: "always",
  says: ({ testHost, slot: which }) => `Open the isolated route "${testHost}" to slot ${which}`,
  byHand: ({ loadBalancers, slot: which, testHost }) => ({
    act: `On ${all(loadBalancers)} lead ${testHost}, and nothing else, to pool ${which}; let testers with the token in.`,
    see: `The name ${testHost} leads to pool ${which}, the public one does not.`,
    back: "Take the route away and forget the testers.",
  }),
  limitMs: () => 20_000,
  async apply({ world }, { loadBalancers, slot: which }) {
    await each(loadBalancers, async (name) => {
      const loadBalancer = await world.loadBalancer(name);
      await loadBalancer.setRoute("test", which);
      await loadBalancer.allowTester(world.secret("tester"));
    });
  },
  async verify({ world }, { loadBalancers, slot: which }) {
    for (const name of loadBalancers) {
      const loadBalancer = await world.loadBalancer(name);
      const [test, open] = [await loadBalancer.readRoute("test"), await loadBalancer.readRoute("public")];
      if (test === which && open !== which) continue;
      throw new Problem("step-failed", {
        what: `the test route on "${name}" is not isolated`,
        why: `test leads to ${test ?? "nowhere"}, public to ${open ?? "nowhere"}`,
        next: "changeover status",
      });
    }
    return { slot: which };
  },
  async undo(context, { loadBalancers }) {
    await each(await runningLoadBalancers(context, loadBalancers), async (name) => {
      const loadBalancer = await context.world.loadBalancer(name);
      await loadBalancer.setRoute("test", null);
      await loadBalancer.forgetTesters();
    });
  },
});
