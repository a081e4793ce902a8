/** Open a restored copy for trials: it takes writes, and nothing of the environment leads to it. */
import { z } from "zod";
import { Problem } from "../model/problem.ts";
import { defineStep, type StepContext } from "../model/step.ts";
import { servers } from "./parts/shapes.ts";
import { one } from "./parts/words.ts";

export const openCopy = defineStep({
  name: "open-copy",
  input: z.strictObject({ server: z.string(), loadBalancers: servers }),
  undoable: "always",
  says: ({ server }) => `Let the restored copy on "${server}" take writes, apart from everything`,
  byHand: ({ server }) => ({
    act: `On ${one(server)}, the restored copy, allow writes. Make sure that no load balancer and no replica leads to it.`,
    see: "It takes a write.",
    back: "Close it again.",
  }),
  limitMs: () => 60_000,
  check: (context, input) => mustStandApart(context, input),
  async apply({ world }, { server }) {
    await (await world.database(server)).unfence();
  },
  async verify(context, input) {
    await mustStandApart(context, input);
    const { writable } = await (await context.world.database(input.server)).health();
    if (writable) return { writable: input.server };
    throw new Problem("step-failed", {
      what: `the copy on "${input.server}" takes no writes`,
      why: "it was opened and is closed",
      next: "changeover status, then plan again",
    });
  },
  async undo({ world }, { server }) {
    const there = (await world.provider.find(world.environment, server)) !== null;
    if (!there) return;
    const database = await world.database(server);
    if ((await database.health()).running) await database.fence();
  },
});

async function mustStandApart(
  { world }: StepContext,
  { server, loadBalancers }: { server: string; loadBalancers: string[] },
) {
  const copy = await world.database(server);
  const { following } = await copy.health();
  const leads: string[] = following ? [`it follows ${following}`] : [];
  for (const name of loadBalancers) {
    const loadBalancer = await world.loadBalancer(name);
    for (const slot of ["a", "b"] as const) {
      const seen = await loadBalancer.readEndpoint(slot);
      if (seen?.address === copy.address) leads.push(`endpoint ${slot} of "${name}" leads to it`);
    }
  }
  if (leads.length === 0) return;
  throw new Problem("refused", {
    what: `"${server}" is no copy that stands apart`,
    why: leads.join("; "),
    next: "changeover status",
  });
}
