/** Pictures of the simulated shop to compare, and the promises that hold at every moment and at every end. */
import type { World } from "../../src/model/world.ts";
import { readInventory } from "../../src/observe/inventory.ts";
import type { DatabaseServer } from "../../src/providers/simulated/database-server.ts";
import type { Site } from "../../src/providers/simulated/site.ts";
import type { Clients } from "./clients.ts";

/** Everything that stays, without times, positions and counts. */
export async function picture(site: Site, world: World) {
  const { loadBalancers, applications, databases } = await readInventory(world);
  return {
    loadBalancers: loadBalancers.map(({ members, record: { name }, ...seen }) => ({
      name,
      ...seen,
      members: [...members.a, ...members.b].map(({ server, state, healthy }) => `${server} ${state} ${healthy}`).sort(),
    })),
    applications: applications.map(({ record: { name, labels }, installed, roles }) => ({
      name,
      labels,
      release: installed?.release,
      through: installed?.database,
      ...roles,
    })),
    databases: databases.map(({ record: { name, labels }, health }) => {
      const { history, backups, parted, migrationAllowed } = site.database(name);
      const { schema } = history;
      return { name, labels, ...health, migrationAllowed, schema, parted, backups: [...backups.keys()] };
    }),
  };
}

/** A restored copy on a spare server: it may take writes of a trial, and nothing that serves may lead to it. */
const isCopy = (site: Site, name: string): boolean =>
  site.fleet.environment(site.definition.environment).servers.get(name)?.record.labels.role === "spare";

/** Records every moment with more than one database that takes writes of the application, or that leads to a copy. */
export function watchPrimaries(site: Site): string[] {
  const broken: string[] = [];
  site.watchers.add((what) => {
    const [copies, serving] = [
      site.databases().filter(({ name }) => isCopy(site, name)),
      site.databases().filter(({ name, writable }) => writable && !isCopy(site, name)),
    ];
    if (serving.length > 1) broken.push(`${what}: ${serving.map(({ name }) => name).join(" and ")}`);
    const led = site.loadBalancers().flatMap(({ endpoints }) => [endpoints.a?.address, endpoints.b?.address]);
    const reached = copies.filter(({ address }) => led.includes(address));
    if (reached.length > 0) broken.push(`${what}: an endpoint leads to ${reached.map(({ name }) => name).join()}`);
  });
  return broken;
}

/** Where a write of the public would land now, by every load balancer; they must agree. */
export function servingDatabase(site: Site): DatabaseServer | null {
  const reached = new Set(
    site.loadBalancers().map(({ routes, endpoints }) => {
      const to = routes.public && endpoints[routes.public];
      return to ? site.databaseBehind(to) : null;
    }),
  );
  return reached.size === 1 ? ([...reached][0] ?? null) : null;
}

/** Keys of acknowledged writes that are not exactly once where the public reads now, and rows that nobody ordered. */
export function wrongWrites(site: Site, { acknowledged }: Clients) {
  const rows = servingDatabase(site)?.history.rows ?? [];
  const times = new Map<string, number>();
  for (const key of rows) times.set(key, (times.get(key) ?? 0) + 1);
  return {
    lost: acknowledged.filter(({ key }) => !times.has(key)).map(({ key }) => key),
    duplicated: [...times].filter(([, count]) => count > 1).map(([key]) => key),
    ofProbes: rows.filter((key) => !key.startsWith("w-")),
  };
}

/** Keys of the rows that a way back after reopening wrote down before it gave them up. */
export const exportedKeys = (site: Site): Set<string> =>
  new Set(
    [...(site.exports.get("u-1-lost") ?? [])]
      .map((line) => JSON.parse(line) as { event: string; key: { key: string } })
      .filter(({ event }) => event === "insert")
      .map(({ key }) => key.key),
  );

/** What is neither on the primary that serves nor in the export. */
export function harmBeyondExports(site: Site, clients: Clients) {
  const [harm, exported] = [wrongWrites(site, clients), exportedKeys(site)];
  return { ...harm, lost: harm.lost.filter((key) => !exported.has(key)) };
}

export const nothingWrong = { lost: [], duplicated: [], ofProbes: [] };

/** What must be gone from the load balancers whenever an upgrade has ended. */
export const leftOnLoadBalancers = (site: Site): string[] =>
  site
    .loadBalancers()
    .flatMap((one) => [
      ...(one.showsPage() ? [`${one.name} shows the page`] : []),
      ...(one.holdLeftMs() > 0 ? [`${one.name} holds`] : []),
      ...(one.routes.test ? [`${one.name} has a test route`] : []),
      ...(one.testers.size > 0 ? [`${one.name} lets testers in`] : []),
    ]);
