/** Suspend the scaling group for an upgrade: old and new never grow at once. Written on the load balancers themselves. */
import { z } from "zod";
import { Problem } from "../model/problem.ts";
import { defineStep } from "../model/step.ts";
import { groupServers, sayWhoSuspends, suspensions } from "./parts/group.ts";
import { servers, slot } from "./parts/shapes.ts";
import { one } from "./parts/words.ts";

export const suspendGroup = defineStep({
  name: "suspend-group",
  input: z.strictObject({ group: z.string(), loadBalancers: servers, slot }),
  undoable: "always",
  says: ({ group }) => `Suspend scaling group "${group}": it neither grows nor shrinks during this upgrade`,
  byHand: ({ group }) => ({
    act: `Disable whatever launches or terminates servers of ${one(group)} by itself, and wait for what it has begun.`,
    see: "Nothing of it is under way, and the number of its servers stands still.",
    back: "Enable it again, within the bounds that it had.",
  }),
  limitMs: () => 30_000,
  apply: ({ world, upgrade }, { loadBalancers }) => sayWhoSuspends(world, loadBalancers, upgrade),
  async verify({ world, upgrade }, { group, loadBalancers, slot: pool }) {
    const seen = await suspensions(world, loadBalancers);
    if (seen.every(({ by }) => by === upgrade)) {
      return { group, pool, servers: (await groupServers(world, { group, slot: pool })).length };
    }
    throw new Problem("step-failed", {
      what: `scaling group "${group}" is not suspended`,
      why: seen.map(({ record, by }) => `"${record.name}" says ${by ?? "nothing"}`).join(", "),
      next: "changeover status",
    });
  },
  undo: ({ world }, { loadBalancers }) => sayWhoSuspends(world, loadBalancers, null),
});
