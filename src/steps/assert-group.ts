/** Assert that a scaling group is what its change was decided on: the pool that serves, exactly these servers, none locked. */
import { z } from "zod";
import { Problem } from "../model/problem.ts";
import { LOCKED } from "../model/provider.ts";
import { defineStep, type StepContext } from "../model/step.ts";
import { groupServers, suspensions } from "./parts/group.ts";
import { servers, slot } from "./parts/shapes.ts";
import { all, one } from "./parts/words.ts";

const input = z.strictObject({
  group: z.string(),
  /** How many it is to have. */
  to: z.number(),
  because: z.string(),
  loadBalancers: servers,
  slot,
  /** All that it has now. */
  has: z.array(z.string()),
  /** Those of them that are to go. */
  leaving: z.array(z.string()),
});

export const assertGroup = defineStep({
  name: "assert-group",
  input,
  undoable: "always",
  says: ({ group, has, to, because }) =>
    `Assert that scaling group "${group}" serves with ${has.length} and may have ${to} servers: ${because}`,
  byHand: ({ group, has, leaving, slot: pool }) => ({
    act: `Look whether pool ${pool} serves the public and ${one(group)} has exactly ${has.length > 0 ? all(has) : "no server"}.`,
    see: `It is so${leaving.length > 0 ? `, nobody has locked ${all(leaving)}, and others of the pool are healthy` : ""}; else decide anew.`,
    back: null,
  }),
  limitMs: () => 30_000,
  async check(context, asked) {
    const other = await differences(context, asked);
    if (other.length === 0) return;
    throw new Problem("refused", {
      what: `scaling group "${asked.group}" is not what was decided on`,
      why: other.join("; "),
      next: `changeover group show ${asked.group}`,
    });
  },
  async apply() {},
  async verify(context, asked) {
    const other = await differences(context, asked);
    if (other.length === 0) return { group: asked.group, pool: asked.slot, servers: asked.has.length, to: asked.to };
    throw new Problem("step-failed", {
      what: `scaling group "${asked.group}" changed just now`,
      why: other.join("; "),
      next: `changeover group show ${asked.group}`,
    });
  },
});

async function differences({ world }: StepContext, asked: z.infer<typeof input>): Promise<string[]> {
  const { loadBalancers, slot: pool, has, leaving } = asked;
  const seen = await groupServers(world, asked);
  const names = seen.map(({ name }) => name);
  const found = names.filter((name) => !has.includes(name)).map((name) => `"${name}" is there, too`);
  found.push(...has.filter((name) => !names.includes(name)).map((name) => `"${name}" is gone`));
  for (const { name, labels } of seen) {
    if (leaving.includes(name) && labels[LOCKED] !== undefined) found.push(`"${name}" is locked by ${labels[LOCKED]}`);
  }
  for (const { record, by } of await suspensions(world, loadBalancers)) {
    if (by !== null) found.push(`"${record.name}" says that ${by} suspended it`);
  }
  for (const name of loadBalancers) {
    const loadBalancer = await world.loadBalancer(name);
    if ((await loadBalancer.readRoute("public")) !== pool) found.push(`"${name}" does not serve pool ${pool}`);
    const good = (await loadBalancer.members(pool)).filter(({ healthy, state }) => healthy && state === "ready");
    if (leaving.length > 0 && good.every(({ server }) => leaving.includes(server))) {
      found.push(`"${name}" sees nobody else of pool ${pool} healthy`);
    }
  }
  return found;
}
