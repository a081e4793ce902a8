/** Assert that each new server runs with what a fresh launch would get: nothing of a trial or an isolation is left on it. */
import { z } from "zod";
import { canonical } from "../model/plan.ts";
import { Problem } from "../model/problem.ts";
import { defineStep } from "../model/step.ts";
import { install } from "./parts/shapes.ts";
import { all } from "./parts/words.ts";

export const assertInputs = defineStep({
  name: "assert-inputs",
  input: z.strictObject({ servers: z.array(z.strictObject({ server: z.string(), install })) }),
  undoable: "always",
  says: ({ servers }) =>
    `Assert that ${servers.map(({ server }) => `"${server}"`).join(", ")} run with the environment's own inputs`,
  byHand: ({ servers }) => ({
    act: `On ${all(servers.map(({ server }) => server))} compare the installed release, its inputs and its database endpoint with what a fresh launch would get.`,
    see: "They are equal: nothing of a trial or an isolation is left.",
    back: null,
  }),
  limitMs: () => 60_000,
  async apply() {},
  async verify({ world }, { servers }) {
    const other: string[] = [];
    for (const { server, install: wanted } of servers) {
      const seen = await (await world.application(server)).installed();
      if (canonical(seen) !== canonical(wanted)) other.push(server);
    }
    if (other.length === 0) return { servers: servers.length, overrides: 0 };
    throw new Problem("step-failed", {
      what: "new servers run with other inputs than the environment's",
      why: `different: ${other.join(", ")}`,
      next: "changeover status, then: changeover resume",
    });
  },
});
