/** Retire servers for good, never one that still has sessions. */
import { z } from "zod";
import { newestVerified } from "../model/backup.ts";
import { Problem } from "../model/problem.ts";
import { defineStep, type StepContext } from "../model/step.ts";
import { each } from "./parts/each.ts";
import { heldBackups } from "./parts/held-backups.ts";
import { leaningOn } from "./parts/leaning.ts";
import { drainsOf, heldBySessions, many, openSessions, type Pool, stillOpen, sum, tellEach } from "./parts/sessions.ts";
import { servers, slot } from "./parts/shapes.ts";
import { all } from "./parts/words.ts";

export const retireServers = defineStep({
  name: "retire-servers",
  input: z.strictObject({
    servers,
    /** The pool they leave first; null for servers that are in none. */
    pool: z
      .strictObject({
        loadBalancers: servers,
        slot,
        /** Since they were drained: sooner, only those without sessions go. */
        sessionsMs: z.number(),
      })
      .nullable(),
  }),
  undoable: "never",
  says: ({ servers: names }) => `Retire ${names.map((name) => `"${name}"`).join(", ")}`,
  byHand: ({ servers: names, pool }) => ({
    act: `Terminate ${all(names)}${pool ? `, each when it has no sessions left in pool ${pool.slot}, or after ${pool.sessionsMs / 1000} s` : ""}.`,
    see: "They are gone from the list of servers.",
    back: null,
  }),
  limitMs: ({ pool }) => (pool?.sessionsMs ?? 0) + 120_000,
  async check(context, { servers: names, pool }) {
    const { world } = context;
    const newest = pool ? null : newestVerified(await heldBackups(world));
    if (newest && names.includes(newest.server)) {
      throw new Problem("refused", {
        what: `"${newest.server}" holds the newest proven backup`,
        why: `"${newest.backup.id}" would be gone with it`,
        next: "take another first: changeover backups take",
      });
    }
    const leaning = await leaningOn(context, names);
    if (leaning.length > 0) {
      throw new Problem("refused", {
        what: `${all(names)} can't be retired`,
        why: leaning.join(", "),
        next: "retire or replace those application servers first",
      });
    }
    for (const name of pool?.loadBalancers ?? []) {
      if ((await (await world.loadBalancer(name)).readRoute("public")) !== pool?.slot) continue;
      throw new Problem("refused", {
        what: `pool ${pool?.slot} still serves the public on "${name}"`,
        why: "its servers would be retired under traffic",
        next: "changeover status",
      });
    }
    if (!pool) return;
    const open = await openSessions(context, pool, names);
    const held = heldBySessions(open, await drainsOf(world, names, pool.sessionsMs), world.clock.now());
    if (held.length > 0) throw stillOpen(held);
  },
  async apply(context, { servers: names, pool }) {
    const { world } = context;
    if (pool) await leave(context, names, pool);
    await each(names, (name) => world.provider.retire(world.environment, name));
  },
  async verify({ world }, { servers: names }) {
    const left = (await world.provider.list(world.environment)).filter(({ name }) => names.includes(name));
    if (left.length === 0) return { retired: names.length };
    throw new Problem("step-failed", {
      what: "servers are still there",
      why: left.map(({ name }) => name).join(", "),
      next: "changeover status",
    });
  },
});

/** One that was drained has had its time; what comes to another one meanwhile still gets it. */
async function leave(context: StepContext, names: string[], pool: Pool & { sessionsMs: number }): Promise<void> {
  const { world } = context;
  const open = await openSessions(context, pool, names);
  const drains = await drainsOf(world, names, pool.sessionsMs);
  const words = (left: number) => (left === 0 ? "no session left" : `${many(left)} cut`);
  if (sum(open) > 0) await context.tell({ sessions: tellEach(open, words) });
  await each(pool.loadBalancers, async (name) => {
    const loadBalancer = await world.loadBalancer(name);
    const going = (await loadBalancer.members(pool.slot)).filter(({ server }) => names.includes(server));
    await each(going, ({ server }) => {
      const wasDrained = (drains.get(server)?.until ?? null) !== null;
      return loadBalancer.removeMember(pool.slot, server, wasDrained ? 0 : pool.sessionsMs);
    });
    await loadBalancer.setEndpoint(pool.slot, null);
  });
}
