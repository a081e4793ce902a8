/** Let the scaling group work again: from now on it is the group of the generation that serves. */
import { z } from "zod";
import { Problem } from "../model/problem.ts";
import { defineStep } from "../model/step.ts";
import { groupServers, sayWhoSuspends, suspensions } from "./parts/group.ts";
import { servers, slot } from "./parts/shapes.ts";
import { one } from "./parts/words.ts";
import { suspendGroup } from "./suspend-group.ts";

export const resumeGroup = defineStep({
  name: "resume-group",
  input: z.strictObject({ group: z.string(), loadBalancers: servers, slot }),
  undoable: "always",
  says: ({ group, slot: pool }) =>
    `Resume scaling group "${group}" in pool ${pool}, as large as it was and within the bounds that it had`,
  byHand: ({ group, slot: pool }) => ({
    act: `Let ${one(group)} launch and terminate servers of pool ${pool} again, with the bounds and votes that it had.`,
    see: "It has as many servers as before, and all of them are of the release that serves.",
    back: null,
  }),
  limitMs: () => 30_000,
  apply: ({ world }, { loadBalancers }) => sayWhoSuspends(world, loadBalancers, null),
  async verify({ world, evidenceOf }, { group, loadBalancers, slot: pool }) {
    const seen = (await suspensions(world, loadBalancers)).filter(({ by }) => by !== null);
    if (seen.length === 0) {
      const before = (await evidenceOf(suspendGroup.name))?.servers;
      const now = (await groupServers(world, { group, slot: pool })).length;
      return { group, pool, servers: now, ...(before === undefined ? {} : { before }) };
    }
    throw new Problem("step-failed", {
      what: `scaling group "${group}" is still suspended`,
      why: seen.map(({ record, by }) => `"${record.name}" says ${by}`).join(", "),
      next: "changeover status",
    });
  },
});
