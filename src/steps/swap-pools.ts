/** Swap the pools: the public host name leads to the other generation, on every load balancer. */
import { z } from "zod";
import { Problem } from "../model/problem.ts";
import { defineStep, type StepContext } from "../model/step.ts";
import { runningLoadBalancers } from "./parts/running.ts";
import { servers, slot } from "./parts/shapes.ts";
import { all } from "./parts/words.ts";

type Way = { loadBalancers: string[] };

export const swapPools = defineStep({
  name: "swap-pools",
  input: z.strictObject({ loadBalancers: servers, from: slot.nullable(), to: slot }),
  undoable: "until-writes",
  says: ({ from, to }) =>
    from ? `Swap the pools: the public goes from ${from} to ${to}` : `Let the public go to pool ${to}`,
  byHand: ({ loadBalancers, from, to }) => ({
    act: `On ${all(loadBalancers)} lead the public name to pool ${to}${from ? ` instead of ${from}` : ""}, on all of them at once.`,
    see: "Each of them says so.",
    back: from ? `Lead it to pool ${from} again.` : "Lead it nowhere.",
  }),
  limitMs: () => 20_000,
  apply: (context, { loadBalancers, to }) => lead(context, { loadBalancers }, to),
  async verify(context, { loadBalancers, to }) {
    await mustLead(context, { loadBalancers }, to);
    return { pool: to, loadBalancers: loadBalancers.length };
  },
  async undo(context, { loadBalancers: all, from }) {
    const loadBalancers = await runningLoadBalancers(context, all);
    await lead(context, { loadBalancers }, from);
    await mustLead(context, { loadBalancers }, from);
  },
});

async function lead({ world }: StepContext, { loadBalancers }: Way, to: "a" | "b" | null): Promise<void> {
  const moved = loadBalancers.map(async (name) => (await world.loadBalancer(name)).setRoute("public", to));
  await Promise.all(moved);
}

async function mustLead({ world }: StepContext, { loadBalancers }: Way, to: "a" | "b" | null): Promise<void> {
  for (const name of loadBalancers) {
    const seen = await (await world.loadBalancer(name)).readRoute("public");
    if (seen === to) continue;
    throw new Problem("step-failed", {
      what: `"${name}" does not lead the public to pool ${to ?? "none"}`,
      why: `it leads to ${seen ?? "none"}`,
      next: "changeover status",
    });
  }
}
