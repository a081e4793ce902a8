/** Close the isolated route and forget the testers. */
import { z } from "zod";
import { Problem } from "../model/problem.ts";
import { defineStep } from "../model/step.ts";
import { each } from "./parts/each.ts";
import { servers } from "./parts/shapes.ts";
import { all } from "./parts/words.ts";

export const closeTestRoute = defineStep({
  name: "close-test-route",
  input: z.strictObject({ loadBalancers: servers, testHost: z.string() }),
  /** The way back closes it as well: nothing is to be put back. */
  undoable: "always",
  says: ({ testHost }) => `Close the isolated route "${testHost}" and forget the testers`,
  byHand: ({ loadBalancers, testHost }) => ({
    act: `On ${all(loadBalancers)} take the route of ${testHost} away and forget the testers' token.`,
    see: `A request for ${testHost} gets no application.`,
    back: null,
  }),
  limitMs: () => 20_000,
  async apply({ world }, { loadBalancers }) {
    await each(loadBalancers, async (name) => {
      const loadBalancer = await world.loadBalancer(name);
      await loadBalancer.setRoute("test", null);
      await loadBalancer.forgetTesters();
    });
  },
  async verify({ world }, { loadBalancers }) {
    for (const name of loadBalancers) {
      const loadBalancer = await world.loadBalancer(name);
      const [route, testers] = [await loadBalancer.readRoute("test"), await loadBalancer.countTesters()];
      if (route === null && testers === 0) continue;
      throw new Problem("step-failed", {
        what: `the test route on "${name}" is still open`,
        why: `it leads to ${route ?? "nowhere"}, ${testers} testers are let in`,
        next: "changeover status",
      });
    }
    return { closed: loadBalancers.length };
  },
});
