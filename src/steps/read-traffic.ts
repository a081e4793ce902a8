/** Read the load balancers' own counters, so that the report can say what clients got in between. */
import { z } from "zod";
import { defineStep } from "../model/step.ts";
import { servers } from "./parts/shapes.ts";
import { all } from "./parts/words.ts";

export const readTraffic = defineStep({
  name: "read-traffic",
  input: z.strictObject({ loadBalancers: servers }),
  undoable: "always",
  says: () => "Read the load balancers' counters",
  byHand: ({ loadBalancers }) => ({
    act: `Write down how many requests ${all(loadBalancers)} have answered, paged, held and failed.`,
    see: "The numbers are written down.",
    back: null,
  }),
  limitMs: () => 20_000,
  async apply() {},
  async verify({ world }, { loadBalancers }) {
    const sum = { requests: 0, paged: 0, held: 0, failed: 0 };
    for (const name of loadBalancers) {
      const seen = await (await world.loadBalancer(name)).counters();
      sum.requests += seen.requests;
      sum.paged += seen.paged;
      sum.held += seen.held;
      sum.failed += seen.failed;
    }
    return sum;
  },
});
