/** Let servers of a pool have no new sessions on any load balancer; what is open goes on. */
import { z } from "zod";
import { Problem } from "../model/problem.ts";
import { defineStep } from "../model/step.ts";
import { each } from "./parts/each.ts";
import { runningLoadBalancers } from "./parts/running.ts";
import { markDraining, openSessions, sum, unmarkDraining } from "./parts/sessions.ts";
import { namesThere } from "./parts/records.ts";
import { member, servers, slot } from "./parts/shapes.ts";
import { all } from "./parts/words.ts";

const namesOf = (members: { server: string }[]): string[] => members.map(({ server }) => server);

export const drainMembers = defineStep({
  name: "drain-members",
  input: z.strictObject({
    loadBalancers: servers,
    slot,
    members: z.array(member).min(1),
    /** So many others must be ready and healthy; one when left out. */
    floor: z.int().min(1).optional(),
  }),
  undoable: "always",
  says: ({ members, slot: which }) => `Let ${all(namesOf(members))} of pool ${which} have no new sessions`,
  byHand: ({ loadBalancers, members, slot: which }) => ({
    act: `On ${all(loadBalancers)} let ${all(namesOf(members))} have no new sessions in pool ${which}; leave those that are open.`,
    see: "New requests reach none of them.",
    back: "Let them have new sessions again.",
  }),
  limitMs: () => 60_000,
  async check({ world }, { loadBalancers, slot: which, members, floor = 1 }) {
    const names = namesOf(members);
    await each(loadBalancers, async (name) => {
      const loadBalancer = await world.loadBalancer(name);
      if ((await loadBalancer.readRoute("public")) !== which) return;
      const good = (await loadBalancer.members(which)).filter(({ state, healthy }) => state === "ready" && healthy);
      const others = good.filter(({ server }) => !names.includes(server)).length;
      if (others >= floor) return;
      throw new Problem("refused", {
        what: `pool ${which} of "${name}" can't lose ${all(names)}`,
        why:
          others === 0
            ? "it serves the public, and no other server of it is ready and healthy"
            : `it serves the public, and only ${others} others are ready and healthy; ${floor} must be`,
        next: "changeover status",
      });
    });
  },
  async apply(context, { loadBalancers, slot: which, members }) {
    const { world } = context;
    const { ready } = await openSessions(context, { loadBalancers, slot: which }, namesOf(members));
    // Before it is done: a deadline begins no later than what it is the deadline of.
    await markDraining(world, namesOf(members), ready);
    await each(loadBalancers, async (name) => {
      const loadBalancer = await world.loadBalancer(name);
      await each(members, ({ server }) => loadBalancer.drainMember(which, server));
    });
  },
  async verify(context, { loadBalancers, slot: which, members }) {
    const open = await openSessions(context, { loadBalancers, slot: which }, namesOf(members));
    if (open.ready.length === 0) return { drained: members.length, sessions: sum(open) };
    throw new Problem("step-failed", {
      what: `servers of pool ${which} still get new sessions`,
      why: open.ready.join(", "),
      next: "changeover status",
    });
  },
  async undo(context, { loadBalancers, slot: which, members }) {
    const { world } = context;
    const there = await namesThere(context);
    const back = members.filter(({ server }) => there.has(server));
    await each(await runningLoadBalancers(context, loadBalancers), async (name) => {
      const loadBalancer = await world.loadBalancer(name);
      await each(back, (one) => loadBalancer.addMember(which, one));
    });
    await unmarkDraining(world, namesOf(back));
  },
});
