/** Assert that an environment shares nothing with any other one that is known here, as it is now and not as it was planned. */
import { z } from "zod";
import { intentOf } from "../model/isolation/footprint.ts";
import { intersections, sayIntersections } from "../model/isolation/intersections.ts";
import { Problem } from "../model/problem.ts";
import { defineStep } from "../model/step.ts";
import { strays } from "./parts/stray.ts";

export const assertApart = defineStep({
  name: "assert-apart",
  input: z.strictObject({
    /** Looked at as well: where they lead. None while there are none. */
    loadBalancers: z.array(z.string()),
  }),
  undoable: "always",
  says: ({ loadBalancers }) =>
    loadBalancers.length > 0
      ? "Assert that nothing here leads to another environment, and that nothing is shared with one"
      : "Assert that nothing is shared with another environment",
  byHand: () => ({
    act: "Compare floating addresses, DNS and host names, networks, load balancers, pools, database hosts, folders, backup lineage, passwords, credentials and inputs with those of every other environment.",
    see: "They have nothing in common but what is shared on purpose. If they do, start nothing here.",
    back: null,
  }),
  limitMs: () => 60_000,
  async apply() {},
  async verify(context, { loadBalancers }) {
    const { own, others } = await context.world.neighbours();
    const shared = others.flatMap((other) => intersections(own, other, intentOf(own, other)));
    const found = [...(shared.length > 0 ? [sayIntersections(shared)] : []), ...(await strays(context, loadBalancers))];
    const { sameLineage } = own.definition.isolation;
    if (found.length === 0) {
      return { environments: others.length, shared: 0, ...(sameLineage === undefined ? {} : { sameLineage }) };
    }
    throw new Problem("refused", {
      what: `"${own.environment}" is not apart from the other environments, so nothing of it is started`,
      why: found.join("; "),
      next: "give it values of its own in its file, then: changeover up FILE",
    });
  },
});
