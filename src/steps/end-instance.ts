/** Take a server's machine away to launch the server anew; it serves nobody, and what it was can be launched again. */
import { z } from "zod";
import { Problem } from "../model/problem.ts";
import { defineStep } from "../model/step.ts";
import { one } from "./parts/words.ts";

export const endInstance = defineStep({
  name: "end-instance",
  input: z.strictObject({ server: z.string() }),
  undoable: "always",
  says: ({ server }) => `End "${server}", to launch it anew`,
  byHand: ({ server }) => ({
    act: `Terminate ${one(server)}.`,
    see: "It is gone from the list of servers.",
    back: "Launch it again with what it ran with.",
  }),
  limitMs: () => 120_000,
  async apply({ world }, { server }) {
    await world.provider.retire(world.environment, server);
  },
  async verify({ world }, { server }) {
    if ((await world.provider.list(world.environment)).every(({ name }) => name !== server)) return { ended: server };
    throw new Problem("step-failed", {
      what: `"${server}" is still there`,
      why: "it was not retired",
      next: `changeover status ${world.environment}`,
    });
  },
});
