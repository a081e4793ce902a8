/** Share the traffic: some percent of the public go to the other generation, on every load balancer. */
import { z } from "zod";
import { Problem } from "../model/problem.ts";
import { defineStep, type StepContext } from "../model/step.ts";
import { each } from "./parts/each.ts";
import { runningLoadBalancers } from "./parts/running.ts";
import { servers, slot } from "./parts/shapes.ts";
import { all } from "./parts/words.ts";

const percent = z.int().min(0).max(100);

const input = z.strictObject({
  loadBalancers: servers,
  /** The pool that the public route leads to, before and after. */
  from: slot,
  /** The other one. */
  to: slot,
  percent,
  /** What it gave before this step. */
  before: percent,
});
type Asked = z.infer<typeof input>;

export const shareTraffic = defineStep({
  name: "share-traffic",
  input,
  undoable: "always",
  says: ({ to, percent }) => `Give ${percent} % of the public to pool ${to}`,
  byHand: ({ loadBalancers, from, to, percent, before }) => ({
    act: `On ${all(loadBalancers)} send ${percent} of 100 public requests to pool ${to}, the rest to pool ${from}; testers go where they went.`,
    see: "Each of them says so, and the servers of both pools count as many answers.",
    back: `Send ${before} of 100 there again.`,
  }),
  limitMs: () => 20_000,
  check: async ({ world }, { loadBalancers, from, to, percent }) => {
    await each(loadBalancers, async (name) => {
      const loadBalancer = await world.loadBalancer(name);
      const seen = await loadBalancer.readRoute("public");
      if (seen !== from) throw mayNot(name, to, `the public route leads to ${seen ?? "none"}, not to ${from}`);
      const members = percent > 0 ? await loadBalancer.members(to) : null;
      if (members && !members.some(({ state, healthy }) => state === "ready" && healthy))
        throw mayNot(name, to, "no server of it is ready and healthy");
    });
  },
  async apply({ world }, { loadBalancers, percent }) {
    await each(loadBalancers, async (name) => (await world.loadBalancer(name)).setShare(percent));
  },
  async verify(context, { loadBalancers, from, to, percent }) {
    await mustGive(context, { loadBalancers, from }, percent);
    return { pool: to, percent, loadBalancers: loadBalancers.length };
  },
  /** Where a swap has ended the share meanwhile, taking a larger one back gives nothing to that pool again. */
  async undo(context, { percent, before, loadBalancers: all }) {
    await each(await runningLoadBalancers(context, all), async (name) => {
      const loadBalancer = await context.world.loadBalancer(name);
      const wanted = percent > before ? Math.min(before, await loadBalancer.readShare()) : before;
      await loadBalancer.setShare(wanted);
      const seen = await loadBalancer.readShare();
      if (seen !== wanted) throw gives(name, seen, wanted);
    });
  },
});

type Givers = Pick<Asked, "loadBalancers" | "from">;

async function mustGive({ world }: StepContext, { loadBalancers, from }: Givers, percent: number): Promise<void> {
  await each(loadBalancers, async (name) => {
    const loadBalancer = await world.loadBalancer(name);
    const [route, seen] = [await loadBalancer.readRoute("public"), await loadBalancer.readShare()];
    if (seen !== percent) throw gives(name, seen, percent);
    if (route !== from) throw mayNot(name, from, `the public route leads to ${route ?? "none"} by now`);
  });
}

const mayNot = (name: string, pool: string, why: string): Problem =>
  new Problem("refused", {
    what: `"${name}" can't share the public with pool ${pool}`,
    why,
    next: "changeover status",
  });

const gives = (name: string, seen: number, wanted: number): Problem =>
  new Problem("step-failed", {
    what: `"${name}" does not give ${wanted} % of the public to the other pool`,
    why: `it gives ${seen} %`,
    next: "changeover status",
  });
