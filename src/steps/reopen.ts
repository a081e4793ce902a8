/** Reopen: take the page away. From the first public write on, the way back is no longer free. */
import { z } from "zod";
import { httpCheckSchema } from "../model/environment.ts";
import { Problem } from "../model/problem.ts";
import { defineStep } from "../model/step.ts";
import { askThrough, isPage, missesThrough } from "./parts/asking.ts";
import { each } from "./parts/each.ts";
import { runningLoadBalancers } from "./parts/running.ts";
import { entrance, servers } from "./parts/shapes.ts";
import { all } from "./parts/words.ts";

export const reopen = defineStep({
  name: "reopen",
  input: z.strictObject({ loadBalancers: servers, entrance, health: httpCheckSchema }),
  undoable: "until-writes",
  says: () => "Reopen: take the maintenance page away on every load balancer",
  byHand: ({ loadBalancers, entrance: where }) => ({
    act: `On ${all(loadBalancers)} take the maintenance page away, at once on all; write down the time: the window ends. From here on a way back can lose writes.`,
    see: `Ask each of them for ${where.publicHost}: the new release answers.`,
    back: "Show the page again on all of them, at once, and look at it.",
  }),
  limitMs: () => 60_000,
  async apply({ world, until }, { loadBalancers }) {
    // All at once and again until it is done: a half-opened site is worse than a late one.
    await each(loadBalancers, async (name) => {
      const loadBalancer = await world.loadBalancer(name);
      await until(20_000, async () => {
        await loadBalancer.setMaintenance(false);
        return !(await loadBalancer.readMaintenance());
      });
    });
  },
  async verify(context, { loadBalancers, entrance: where, health }) {
    await each(loadBalancers, async (name) => {
      let missed: string | null = null;
      const open = await context.until(10_000, async () => {
        missed = await missesThrough(context, name, where, "public", health);
        return missed === null;
      });
      if (open) return;
      throw new Problem("step-failed", {
        what: `the public gets no good answer through "${name}"`,
        why: missed ?? "no answer",
        next: "changeover status",
      });
    });
    return { opened: loadBalancers.length };
  },
  /** The page again, before anything else of a way back: whoever writes from here on is told so, and nothing is cut yet. */
  async undo(context, { loadBalancers: all, entrance: where, health }) {
    await each(await runningLoadBalancers(context, all), async (name) => {
      const loadBalancer = await context.world.loadBalancer(name);
      let seen = "no answer";
      const shown = await context.until(20_000, async () => {
        await loadBalancer.setMaintenance(true);
        const answer = await askThrough(context, name, where, "public", health);
        seen = String(answer.status);
        return isPage(answer);
      });
      if (shown) return;
      throw new Problem("step-failed", {
        what: `the public does not see the page on "${name}"`,
        why: `it got ${seen}`,
        next: "changeover status, then: changeover rollback",
      });
    });
  },
});
