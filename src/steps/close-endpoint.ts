/** Close the old generation's database endpoint: no old process that is left anywhere reaches the primary any more. */
import { z } from "zod";
import { Problem } from "../model/problem.ts";
import { defineStep } from "../model/step.ts";
import { each } from "./parts/each.ts";
import { settleDatabase } from "./parts/settle.ts";
import { servers, slot } from "./parts/shapes.ts";
import { all } from "./parts/words.ts";

export const closeEndpoint = defineStep({
  name: "close-endpoint",
  input: z.strictObject({
    loadBalancers: servers,
    slot,
    primary: z.string(),
    standby: z.string(),
    migrator: z.string(),
  }),
  undoable: "until-writes",
  says: ({ slot: which }) => `Close the old release's database endpoint ${which}`,
  byHand: ({ loadBalancers, slot: which }) => ({
    act: `On ${all(loadBalancers)} close database endpoint ${which}, and cut the connections that stand on it.`,
    see: `A connection to it is refused.`,
    back: "Lead it to the primary again.",
  }),
  limitMs: () => 20_000,
  async apply({ world }, { loadBalancers, slot: which }) {
    await each(loadBalancers, async (name) => (await world.loadBalancer(name)).setEndpoint(which, null));
  },
  async verify({ world }, { loadBalancers, slot: which }) {
    for (const name of loadBalancers) {
      const seen = await (await world.loadBalancer(name)).readEndpoint(which);
      if (seen === null) continue;
      throw new Problem("step-failed", {
        what: `database endpoint ${which} on "${name}" is still open`,
        why: `it leads to ${seen.address}`,
        next: "changeover status",
      });
    }
    return { closed: loadBalancers.length };
  },
  undo: settleDatabase,
});
