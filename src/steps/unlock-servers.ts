/** Unlock the servers that this upgrade has locked. */
import { z } from "zod";
import { Problem } from "../model/problem.ts";
import { defineStep } from "../model/step.ts";
import { locksOn, unlock } from "./parts/locks.ts";
import { servers } from "./parts/shapes.ts";
import { all } from "./parts/words.ts";

export const unlockServers = defineStep({
  name: "unlock-servers",
  input: z.strictObject({ servers }),
  undoable: "always",
  says: ({ servers: names }) => `Unlock ${names.map((name) => `"${name}"`).join(", ")}`,
  byHand: ({ servers: names }) => ({
    act: `Unlock ${all(names)}.`,
    see: "They can be retired again.",
    back: null,
  }),
  limitMs: () => 60_000,
  apply: (context, { servers: names }) => unlock(context, names),
  async verify(context, { servers: names }) {
    const left = await locksOn(context, names);
    if (left.length === 0) return { unlocked: names.length };
    throw new Problem("step-failed", {
      what: "servers are still locked",
      why: left.map(({ name, by }) => `"${name}" by ${by}`).join(", "),
      next: "changeover status",
    });
  },
});
