/** Show the maintenance page to the public on every load balancer, and look at it. */
import { z } from "zod";
import { httpCheckSchema } from "../model/environment.ts";
import { Problem } from "../model/problem.ts";
import { defineStep } from "../model/step.ts";
import { askThrough, isPage, missesThrough } from "./parts/asking.ts";
import { each } from "./parts/each.ts";
import { runningLoadBalancers } from "./parts/running.ts";
import { entrance, servers } from "./parts/shapes.ts";
import { all } from "./parts/words.ts";

export const maintenanceOn = defineStep({
  name: "maintenance-on",
  input: z.strictObject({ loadBalancers: servers, entrance, health: httpCheckSchema }),
  undoable: "until-writes",
  says: () => "Show the maintenance page on every load balancer",
  byHand: ({ loadBalancers, entrance: where }) => ({
    act: `On ${all(loadBalancers)} show the maintenance page for ${where.publicHost}; write down the time: the window begins.`,
    see: `Ask each of them: every request for ${where.publicHost} gets 503 with Retry-After and the page.`,
    back: "Look at the old release as a tester through each load balancer; when it answers, take the page away.",
  }),
  limitMs: () => 30_000,
  async apply({ world }, { loadBalancers }) {
    await each(loadBalancers, async (name) => (await world.loadBalancer(name)).setMaintenance(true));
  },
  async verify(context, { loadBalancers, entrance: where, health }) {
    await each(loadBalancers, async (name) => {
      const answer = await askThrough(context, name, where, "public", health);
      if (isPage(answer) && answer.headers["retry-after"]) return;
      throw new Problem("step-failed", {
        what: `the public does not see the page on "${name}"`,
        why: `it got ${answer.status}${answer.headers["retry-after"] ? "" : " without Retry-After"}`,
        next: "changeover status",
      });
    });
    return { probed: loadBalancers.length };
  },
  async undo(context, { loadBalancers: all, entrance: where, health }) {
    const { world, until } = context;
    // A dead one keeps its page: nobody may take it away without having looked at what it shows then.
    const loadBalancers = await runningLoadBalancers(context, all);
    for (const name of loadBalancers) {
      const loadBalancer = await world.loadBalancer(name);
      await loadBalancer.allowTester(world.secret("tester"));
      let missed: string | null = null;
      const good = await until(15_000, async () => {
        missed = await missesThrough(context, name, where, "tester", health);
        return missed === null;
      });
      if (!good) throw notBack(name, missed ?? "no answer");
    }
    await each(loadBalancers, async (name) => {
      await (await world.loadBalancer(name)).setMaintenance(false);
      const missed = await missesThrough(context, name, where, "public", health);
      if (missed !== null) throw notBack(name, missed);
    });
  },
});

const notBack = (name: string, why: string): Problem =>
  new Problem("unhealthy", {
    what: `the old release does not answer through "${name}", so the page stays up`,
    why,
    next: "changeover status, set it right, then: changeover rollback",
  });
