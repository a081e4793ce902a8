/** Smoke test as a tester through every load balancer, whatever the public sees meanwhile. */
import { z } from "zod";
import { Problem } from "../model/problem.ts";
import { defineStep } from "../model/step.ts";
import { cleanUpThrough, sayChecks, testThrough } from "./parts/asking.ts";
import { each } from "./parts/each.ts";
import { runningLoadBalancers } from "./parts/running.ts";
import { checks, entrance, servers } from "./parts/shapes.ts";
import { all } from "./parts/words.ts";

export const smokeTest = defineStep({
  name: "smoke-test",
  input: z.strictObject({ loadBalancers: servers, entrance, checks, healthyMs: z.number() }),
  undoable: "always",
  says: ({ checks: asked }) => `Smoke test as a tester on every load balancer: ${sayChecks({ ...asked, script: [] })}`,
  byHand: ({ loadBalancers, checks: asked }) => ({
    act: `As a tester, through each of ${all(loadBalancers)}, run the checks: ${sayChecks({ ...asked, script: [] })}. Take away what they wrote.`,
    see: "Each answer is as declared.",
    back: "Take away what it wrote, unless the page is shown.",
  }),
  limitMs: ({ healthyMs }) => healthyMs + 60_000,
  async apply({ world }, { loadBalancers }) {
    for (const name of loadBalancers) await (await world.loadBalancer(name)).allowTester(world.secret("tester"));
  },
  async verify(context, { loadBalancers, entrance: where, checks: asked, healthyMs }) {
    for (const [turn, name] of loadBalancers.entries()) {
      let missed: string | null = null;
      const good = await context.until(turn === 0 ? healthyMs : 5_000, async () => {
        missed = await testThrough(context, name, where, "tester", asked);
        return missed === null;
      });
      if (good) continue;
      throw new Problem("unhealthy", {
        what: `the smoke test fails through "${name}"`,
        why: missed ?? "no answer",
        next: "mend the release, then plan again",
      });
    }
    return { loadBalancers: loadBalancers.length, wrote: asked.write !== null };
  },
  async undo(context, { loadBalancers, entrance: where, checks: asked }) {
    await each(await runningLoadBalancers(context, loadBalancers), async (name) => {
      // Behind the page nobody has written since: the database goes back as a whole.
      if (await (await context.world.loadBalancer(name)).readMaintenance()) return;
      await cleanUpThrough(context, name, where, "tester", asked);
    });
  },
});
