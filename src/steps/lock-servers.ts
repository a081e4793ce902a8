/** Lock servers for this upgrade: nobody retires one by mistake until it is unlocked. */
import { z } from "zod";
import { Problem } from "../model/problem.ts";
import { defineStep } from "../model/step.ts";
import { lock, locksOn, unlock } from "./parts/locks.ts";
import { servers } from "./parts/shapes.ts";
import { all } from "./parts/words.ts";

export const lockServers = defineStep({
  name: "lock-servers",
  input: z.strictObject({ servers }),
  undoable: "always",
  says: ({ servers: names }) => `Lock ${names.map((name) => `"${name}"`).join(", ")} for this upgrade`,
  byHand: ({ servers: names }) => ({
    act: `Lock ${all(names)}, so that nobody terminates one by mistake.`,
    see: "Terminating one is refused.",
    back: "Unlock them.",
  }),
  limitMs: () => 60_000,
  async check(context, { servers: names }) {
    const others = (await locksOn(context, names)).filter(({ by }) => by !== context.upgrade);
    if (others.length === 0) return;
    throw new Problem("refused", {
      what: "servers are locked by somebody else",
      why: others.map(({ name, by }) => `"${name}" by ${by}`).join(", "),
      next: "changeover status",
    });
  },
  apply: (context, { servers: names }) => lock(context, names),
  async verify(context, { servers: names }) {
    const locked = new Set((await locksOn(context, names)).map(({ name }) => name));
    const open = names.filter((name) => !locked.has(name));
    if (open.length === 0) return { locked: names.length };
    throw new Problem("step-failed", {
      what: "servers are not locked",
      why: open.join(", "),
      next: "changeover status",
    });
  },
  undo: (context, { servers: names }) => unlock(context, names),
});
