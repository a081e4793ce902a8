/** Smoke test as a tester through every load balancer, while the public sees the page. */
import { z } from "zod";
import { Problem } from "../model/problem.ts";
import { defineStep, type StepContext } from "../model/step.ts";
import { testThrough } from "./parts/asking.ts";
import { type Checks, checks, entrance, servers } from "./parts/shapes.ts";

export const smokeTest = defineStep({
  name: "smoke-test",
  input: z.strictObject({ loadBalancers: servers, entrance, checks, healthyMs: z.number() }),
  undoable: "always",
  says: ({ checks: asked }) =>
    `Smoke test as a tester on every load balancer: health, ${asked.read.length} reads${asked.write ? ", a write" : ""}`,
  limitMs: ({ healthyMs }) => healthyMs + 60_000,
  async apply({ world }, { loadBalancers }) {
    for (const name of loadBalancers) await (await world.loadBalancer(name)).allowTester(world.secret("tester"));
  },
  async verify(context, { loadBalancers, entrance: where, checks: asked, healthyMs }) {
    for (const [turn, name] of loadBalancers.entries()) {
      let missed: string | null = null;
      const good = await context.until(turn === 0 ? healthyMs : 5_000, async () => {
        const key = probeKey(context, turn, asked);
        missed = await testThrough(context, name, where, "tester", asked, key);
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
});

/** The same for every try, so that each cleans up after the one before; a write that nobody cleans up needs a fresh one. */
function probeKey({ world, upgrade }: StepContext, turn: number, { write }: Checks): string {
  const key = `probe-${upgrade}-${turn}`;
  return write && write.cleanUp.length > 0 ? key : `${key}-${world.clock.now()}`;
}
