/** Assert that nothing of the upgrade is left behind: no test route, hold, page, spare, standby or second writable primary. */
import { z } from "zod";
import type { DatabaseHealth } from "../model/database.ts";
import { LOCKED } from "../model/provider.ts";
import { Problem } from "../model/problem.ts";
import { defineStep, type StepContext } from "../model/step.ts";
import { wrongSchedules } from "./parts/schedule-label.ts";
import { servers, slot } from "./parts/shapes.ts";
import { all } from "./parts/words.ts";

const input = z.strictObject({
  loadBalancers: servers,
  /** The generation that serves. */
  slot,
  /** Must be gone, or be kept with a label that says why. */
  gone: z.array(z.string()),
  /** Scheduled backups ran before: they must run again, on exactly the servers in service. False when left out. */
  backups: z.boolean().optional(),
});

/** A busy server can miss two health checks in a row; what is left behind stays. */
const SETTLE_MS = 15_000;

export const assertClean = defineStep({
  name: "assert-clean",
  input,
  undoable: "never",
  says: () => "Assert that nothing is left held, fenced, paged, routed to testers or running for nobody",
  byHand: ({ loadBalancers, gone }) => ({
    act: `On ${all(loadBalancers)} look for a maintenance page, a hold, a test route, testers and members of the other pool; list the servers and their databases.`,
    see: `Nothing of that is there, exactly one database takes writes, also after a restart, and ${gone.length > 0 ? `${all(gone)} are gone or marked as kept` : "no server is left over"}.`,
    back: null,
  }),
  limitMs: () => 30_000,
  async apply() {},
  async verify(context, asked) {
    let left: string[] = [];
    const clean = await context.until(SETTLE_MS, async () => {
      const schedules = asked.backups ? await wrongSchedules(context.world) : [];
      left = [...(await leftOnLoadBalancers(context, asked)), ...(await leftServers(context, asked)), ...schedules];
      return left.length === 0;
    });
    if (clean) return { clean: true };
    throw new Problem("step-failed", {
      what: "something of the upgrade is left behind",
      why: left.join("; "),
      next: "changeover status",
    });
  },
});

async function leftOnLoadBalancers({ world }: StepContext, { loadBalancers, slot: serving }: z.infer<typeof input>) {
  const left: string[] = [];
  for (const name of loadBalancers) {
    const loadBalancer = await world.loadBalancer(name);
    const other = serving === "a" ? "b" : "a";
    if ((await loadBalancer.readRoute("test")) !== null) left.push(`"${name}" has a test route`);
    if ((await loadBalancer.readRoute("public")) !== serving) left.push(`"${name}" does not serve pool ${serving}`);
    const share = await loadBalancer.readShare();
    if (share > 0) left.push(`"${name}" gives ${share} % to the other pool`);
    if ((await loadBalancer.countTesters()) > 0) left.push(`"${name}" lets testers in`);
    if (await loadBalancer.readMaintenance()) left.push(`"${name}" shows the page`);
    if ((await loadBalancer.readHold()).held) left.push(`"${name}" holds requests`);
    const sick = (await loadBalancer.members(serving)).filter(({ healthy, state }) => !healthy || state !== "ready");
    if (sick.length > 0)
      left.push(`"${name}" does not see ${sick.map(({ server }) => `"${server}"`).join(", ")} healthy`);
    if ((await loadBalancer.members(other)).length > 0) left.push(`"${name}" has members in pool ${other}`);
    if ((await loadBalancer.readEndpoint(other)) !== null) left.push(`"${name}" has a database endpoint ${other}`);
  }
  return left;
}

async function leftServers({ world, upgrade }: StepContext, { gone }: z.infer<typeof input>) {
  const left: string[] = [];
  const [writable, boots]: [string[], string[]] = [[], []];
  for (const record of await world.provider.list(world.environment)) {
    if (record.labels[LOCKED] === upgrade) left.push(`"${record.name}" is still locked`);
    if (gone.includes(record.name) && !record.labels.kept) left.push(`"${record.name}" is still there`);
    if (record.kind !== "database" || record.labels.kept) continue;
    const health = await (await world.database(record.name)).health();
    if (health.writable) writable.push(record.name);
    if (health.bootsWritable) boots.push(record.name);
    left.push(...changesAtRestart(record.name, health));
  }
  if (writable.length !== 1) left.push(`writable primaries: ${writable.join(", ") || "none"}`);
  if (boots.join() !== writable.join()) left.push(`writable after a restart: ${boots.join(", ") || "none"}`);
  return left;
}

/** The replicas that restart into something else; one that is down has only what it boots as. */
function changesAtRestart(name: string, { running, following, bootsFollowing }: DatabaseHealth): string[] {
  if (!running || (following !== null) === bootsFollowing) return [];
  return [`"${name}" would ${bootsFollowing ? "follow a primary" : "follow nobody"} after a restart`];
}
