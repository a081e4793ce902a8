/** Test green on the isolated route, through every load balancer, without writing anything. */
import { z } from "zod";
import { httpCheckSchema } from "../model/environment.ts";
import { Problem } from "../model/problem.ts";
import { defineStep } from "../model/step.ts";
import { missesThrough } from "./parts/asking.ts";
import { entrance, servers } from "./parts/shapes.ts";
import { all } from "./parts/words.ts";

export const testIsolated = defineStep({
  name: "test-isolated",
  input: z.strictObject({ loadBalancers: servers, entrance, checks: z.array(httpCheckSchema).min(1) }),
  undoable: "always",
  says: ({ entrance: where }) => `Test the new server through "${where.testHost}" on every load balancer`,
  byHand: ({ loadBalancers, entrance: where }) => ({
    act: `Ask for ${where.testHost} through ${all(loadBalancers)}: health and every read check.`,
    see: "Each answer is as declared.",
    back: null,
  }),
  limitMs: () => 60_000,
  async apply() {},
  async verify(context, { loadBalancers, entrance: where, checks }) {
    for (const name of loadBalancers) {
      for (const check of checks) {
        const missed = await missesThrough(context, name, where, "test-host", check);
        if (missed === null) continue;
        throw new Problem("unhealthy", {
          what: `the new server fails on "${where.testHost}" through "${name}"`,
          why: missed,
          next: "mend the server's inputs or its release, then plan again",
        });
      }
    }
    return { asked: loadBalancers.length * checks.length };
  },
});
