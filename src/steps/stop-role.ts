/** Stop a role of the application on servers that serve nobody. */
import { z } from "zod";
import { Problem } from "../model/problem.ts";
import { defineStep } from "../model/step.ts";
import { each } from "./parts/each.ts";
import { role, servers } from "./parts/shapes.ts";
import { all } from "./parts/words.ts";

export const stopRole = defineStep({
  name: "stop-role",
  input: z.strictObject({ servers, role, graceMs: z.number() }),
  undoable: "always",
  says: ({ servers: names, role: which }) => `Stop ${which} on ${names.map((name) => `"${name}"`).join(", ")}`,
  byHand: ({ servers: names, role: which }) => ({
    act: `On ${all(names)} stop ${which}.`,
    see: "No process of it lives.",
    back: null,
  }),
  limitMs: ({ graceMs }) => graceMs + 20_000,
  async apply({ world }, { servers: names, role: which, graceMs }) {
    await each(names, async (name) => (await world.application(name)).stop(which, graceMs));
  },
  async verify({ world }, { servers: names, role: which }) {
    for (const name of names) {
      const { state } = await (await world.application(name)).state(which);
      if (state === "stopped" || state === "absent") continue;
      throw new Problem("step-failed", {
        what: `${which} on "${name}" did not stop`,
        why: `it is ${state}`,
        next: "changeover status",
      });
    }
    return { stopped: names.length };
  },
});
