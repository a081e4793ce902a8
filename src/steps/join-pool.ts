/** Put servers into a pool on every load balancer and wait until its own checks find them healthy. */
import { z } from "zod";
import { Problem } from "../model/problem.ts";
import { defineStep, type StepContext } from "../model/step.ts";
import { each } from "./parts/each.ts";
import { runningLoadBalancers } from "./parts/running.ts";
import { sum, tryOpenSessions } from "./parts/sessions.ts";
import { member, servers, slot } from "./parts/shapes.ts";
import { all } from "./parts/words.ts";

const input = z.strictObject({
  loadBalancers: servers,
  slot,
  members: z.array(member).min(1),
  healthyMs: z.number(),
  /** What they have in flight may take so long when it is undone; a second when left out. */
  drainMs: z.number().optional(),
  /** When it is undone, web is stopped with this grace before they leave: it takes leave of who is still connected. */
  graceMs: z.number().optional(),
});

export const joinPool = defineStep({
  name: "join-pool",
  input,
  undoable: "always",
  says: ({ members, slot: which }) => `Put ${members.map(({ server }) => `"${server}"`).join(", ")} into pool ${which}`,
  byHand: ({ loadBalancers, slot: which, members }) => ({
    act: `On ${all(loadBalancers)} put ${all(members.map(({ server }) => server))} into pool ${which}.`,
    see: "The load balancer's own check finds each of them healthy.",
    back: "Take them out again.",
  }),
  limitMs: ({ healthyMs, drainMs = 0, graceMs = 0 }) => healthyMs + drainMs + graceMs + 20_000,
  async apply({ world }, { loadBalancers, slot: which, members }) {
    await each(loadBalancers, async (name) => {
      const loadBalancer = await world.loadBalancer(name);
      await each(members, (one) => loadBalancer.addMember(which, one));
    });
  },
  async verify({ world, until }, { loadBalancers, slot: which, members, healthyMs }) {
    await each(loadBalancers, async (name) => {
      const loadBalancer = await world.loadBalancer(name);
      const missing = async () => {
        const seen = await loadBalancer.members(which);
        return members.filter(
          ({ server }) => !seen.some((one) => one.server === server && one.healthy && one.state === "ready"),
        );
      };
      if (await until(healthyMs, async () => (await missing()).length === 0)) return;
      const left = (await missing()).map(({ server }) => server);
      throw new Problem("unhealthy", {
        what: `"${name}" does not see every server of pool ${which} healthy`,
        why: `missing or unhealthy: ${left.join(", ")}`,
        next: "changeover status",
      });
    });
    return { pool: which, members: members.length, loadBalancers: loadBalancers.length };
  },
  async undo(context, asked) {
    const { slot: which, members, drainMs = 1_000, graceMs } = asked;
    const loadBalancers = await runningLoadBalancers(context, asked.loadBalancers);
    if (graceMs !== undefined) await takeLeave(context, { ...asked, loadBalancers, drainMs, graceMs });
    await each(loadBalancers, async (name) => {
      const loadBalancer = await context.world.loadBalancer(name);
      // Side by side: each may need the whole time.
      await each(members, ({ server }) =>
        loadBalancer.removeMember(which, server, graceMs === undefined ? drainMs : 0),
      );
    });
  },
});

/** A load balancer can only cut a connection; the application can end it. */
async function takeLeave(context: StepContext, asked: Required<z.infer<typeof input>>): Promise<void> {
  const { world, until } = context;
  const { loadBalancers, slot: which, members, drainMs, graceMs } = asked;
  const names = members.map(({ server }) => server);
  await each(loadBalancers, async (name) => {
    const loadBalancer = await world.loadBalancer(name);
    await each(names, (server) => loadBalancer.drainMember(which, server));
  });
  await until(drainMs, async () => {
    const open = await tryOpenSessions(context, { loadBalancers, slot: which }, names);
    return open !== null && sum(open) === 0;
  });
  const there = new Set((await world.provider.list(world.environment)).map(({ name }) => name));
  await each(
    names.filter((name) => there.has(name)),
    async (name) => {
      await (await world.application(name)).stop("web", graceMs);
    },
  );
}
