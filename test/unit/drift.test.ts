/** Drift: every place where the file, what was saved of it, and the world can differ is found, named, and nothing else. */
import { beforeAll, expect, test } from "vitest";
import { stringify } from "yaml";
import type { EnvironmentDefinition } from "../../src/model/environment.ts";
import { parseEnvironment } from "../../src/model/environment-file.ts";
import type { Inventory } from "../../src/model/inventory.ts";
import { driftOfFile, driftOfWorld, keptServers } from "../../src/observe/drift.ts";
import { readInventory } from "../../src/observe/inventory.ts";
import { drawDrift } from "../../src/view/drift-text.ts";
import { bringUp } from "../laws/run.ts";
import { shop } from "../laws/shop.ts";
import { upgradeUnderClients } from "../laws/upgraded.ts";

let healthy: Inventory;
beforeAll(async () => {
  healthy = await readInventory((await bringUp()).world);
});

const first = <T>(items: T[]): T => {
  const [item] = items;
  if (!item) throw new Error("there is none");
  return item;
};
const balancer = (seen: Inventory) => first(seen.loadBalancers);
const server = (seen: Inventory, name: string) => first(seen.applications.filter(({ record }) => record.name === name));
const database = (seen: Inventory, name: string) => first(seen.databases.filter(({ record }) => record.name === name));

function found(
  change: (seen: Inventory) => void,
  more: Partial<EnvironmentDefinition> = {},
  release = "1",
  groupSize: number | null = null,
): string[] {
  const seen = structuredClone(healthy);
  change(seen);
  const drift = driftOfWorld({ definition: { ...shop, ...more }, release, groupSize }, seen);
  return drift.map(
    ({ where, wanted, seen: is, heals }) => `${where}: ${is}, wanted ${wanted}${heals ? " (heals)" : ""}`,
  );
}

test("where nobody changed anything there is no drift", () => {
  expect(found(() => {})).toEqual([]);
});

test.each<[string, (seen: Inventory) => void, string[]]>([
  ["a load balancer is gone", (seen) => seen.loadBalancers.pop(), ["load balancers: 1, wanted 2"]],
  [
    "a load balancer is down",
    (seen) => Object.assign(balancer(seen), { running: false }),
    ["lb-1: it does not run, wanted running"],
  ],
  [
    "a load balancer sends the public elsewhere",
    (seen) => Object.assign(first(seen.loadBalancers.slice(1)).routes, { public: "b" }),
    ["lb-2: it goes to b, wanted the public to pool a"],
  ],
  [
    "a member left a pool",
    (seen) => balancer(seen).members.a.shift(),
    ["lb-1: it is not in it, wanted app-1 ready in pool a"],
  ],
  [
    "a member drains",
    (seen) => Object.assign(first(balancer(seen).members.a), { state: "drain" }),
    ["lb-1: it is in drain, wanted app-1 ready in pool a"],
  ],
  [
    "a stranger is in a pool",
    (seen) => balancer(seen).members.a.push({ ...first(balancer(seen).members.a), server: "app-9" }),
    ["lb-1: app-9 is in it, wanted only servers that serve in pool a"],
  ],
  [
    "an endpoint leads to the replica",
    (seen) => Object.assign(balancer(seen).endpoints.a ?? {}, { address: database(seen, "db-2").record.address }),
    ["lb-1: it leads to 127.1.1.41, wanted the database endpoint to 127.1.1.40"],
  ],
  [
    "a server of the group is gone",
    (seen) => {
      seen.applications = seen.applications.filter(({ record }) => record.labels.group === undefined);
      for (const one of seen.loadBalancers)
        one.members.a = one.members.a.filter(({ server: name }) => name === "app-1");
    },
    ["servers of the group: 0, wanted 1"],
  ],
  [
    "somebody put another release on a server",
    (seen) => Object.assign(server(seen, "app-1").installed ?? {}, { release: "3" }),
    ["app-1: release 3, wanted release 1"],
  ],
  [
    "a server does not answer",
    (seen) => Object.assign(server(seen, "burst-1").roles, { web: "stopped" }),
    ["burst-1: web is stopped, wanted web running"],
  ],
  [
    "a worker runs where none should",
    (seen) => Object.assign(server(seen, "burst-1").roles, { worker: "running" }),
    ["workers: 2 running, wanted 1 running (heals)"],
  ],
  [
    "a server of the other pool is left",
    (seen) =>
      seen.applications.push({
        ...server(seen, "app-1"),
        record: { ...server(seen, "app-1").record, name: "app-2", labels: { slot: "b" } },
      }),
    ["app-2: it is of pool b, wanted no server outside of the pool that serves"],
  ],
  [
    "a database is down",
    (seen) => Object.assign(database(seen, "db-2").health, { running: false }),
    ["db-2: it does not run, wanted running"],
  ],
  [
    "the replica follows somebody else",
    (seen) => Object.assign(database(seen, "db-2").health, { following: "127.9.9.9" }),
    ["db-2: it follows 127.9.9.9, wanted following 127.1.1.40"],
  ],
  [
    "the primary would start closed",
    (seen) => Object.assign(database(seen, "db-1").health, { bootsWritable: false }),
    ["db-1: it would start closed, following nobody, wanted the same after its next start"],
  ],
  [
    "the replica would start as a primary",
    (seen) => Object.assign(database(seen, "db-2").health, { bootsWritable: true }),
    ["db-2: it would start taking writes, wanted the same after its next start"],
  ],
  [
    "there is a third database",
    (seen) =>
      seen.databases.push({
        ...database(seen, "db-2"),
        record: { ...database(seen, "db-2").record, name: "spare-1" },
      }),
    ["databases: db-1, db-2, spare-1, wanted a primary and a replica"],
  ],
])("%s", (_what, change, told) => {
  expect(found(change)).toEqual(told);
});

test.each([
  [null, "2"],
  ["smoke-test", "1"],
])("after an upgrade that failed at %s there is no drift, whatever is kept of it", async (failAt, release) => {
  const { shop: site, end } = await upgradeUnderClients({ failAt });
  expect(end.state).toBe(failAt === null ? "upgraded" : "rolled-back");
  const seen = await readInventory(site.world);
  expect(driftOfWorld({ definition: shop, release, groupSize: null }, seen)).toEqual([]);
  expect(keptServers(seen).length > 0).toBe(failAt !== null);
});

test("what the file says by now is compared, too, and a release that nobody brought", () => {
  expect(found(() => {}, { application: { ...shop.application, servers: 2 } })).toEqual(["servers: 1, wanted 2"]);
  expect(
    found(() => {}, {}, "1", 3),
    "the group was grown since",
  ).toEqual(["servers of the group: 1, wanted 3"]);
  expect(found(() => {}, { loadBalancers: 3 })).toEqual(["load balancers: 2, wanted 3"]);
  expect(found(() => {}, { application: { ...shop.application, workers: 0 } })).toEqual([
    "workers: 1 running, wanted 0 running (heals)",
  ]);
  expect(found(() => {}, {}, "2")).toEqual([
    "app-1: release 1, wanted release 2",
    "burst-1: release 1, wanted release 2",
  ]);
});

test("servers that are kept are listed, and are no drift", () => {
  const keep = (seen: Inventory) => {
    const one = server(seen, "app-1");
    seen.applications.push({ ...one, record: { ...one.record, name: "app-2", labels: { slot: "b", kept: "a look" } } });
    const other = database(seen, "db-2");
    const labels = { keptUntil: "1000" };
    seen.databases.push({ ...other, record: { ...other.record, name: "db-3", labels } });
  };
  expect(found(keep)).toEqual([]);
  const seen = structuredClone(healthy);
  keep(seen);
  expect(keptServers(seen)).toEqual([
    { name: "app-2", why: "a look" },
    { name: "db-3", why: "until 1970-01-01T00:00:01.000Z" },
  ]);
});

const file = (change: (file: EnvironmentDefinition) => void = () => {}): string => {
  const written = structuredClone(shop);
  change(written);
  return stringify(written);
};
const saved = () => parseEnvironment(file(), "shop.yaml");
const inFile = (text: string | null) => driftOfFile(saved(), "shop.yaml", text);

test("a file that only looks different is no drift; one that is gone, broken or changed is", () => {
  expect(inFile(`# a remark\n${file()}\n`)).toEqual([]);
  expect(inFile(null)).toMatchObject([
    { where: "shop.yaml", seen: "it is gone, or can't be read", next: "changeover up shop.yaml" },
  ]);
  expect(inFile("environment: [")).toMatchObject([{ next: "mend it, then: changeover up shop.yaml" }]);
  const changed = file((it) => {
    it.limits.keepSeconds = 7;
    it.port = 81;
    Object.assign(it.releases["2"]?.inputs ?? {}, { TOKEN: "not for the log" });
  });
  const [drift] = inFile(changed);
  expect(drift?.seen).toBe("limits.keepSeconds, port, releases.2 changed");
  expect(JSON.stringify(drift)).not.toContain("not for the log");
});

test("people read what differs, what is kept, and whose doing it may be", () => {
  const text = drawDrift({
    environment: "shop",
    readAt: 0,
    drift: [
      { where: "workers", wanted: "1 running", seen: "0 running", next: "-", heals: true },
      { where: "lb-1", wanted: "running", seen: "it does not run", next: "changeover status shop", heals: false },
    ],
    kept: [{ name: "app-2", why: "a look" }],
    upgrade: "u-1",
  });
  expect(text).toEqual([
    "shop: 2 differences, seen 1970-01-01T00:00:00.000Z",
    "  ! workers: 0 running, wanted 1 running",
    "      next: the next upgrade sets it right",
    "  ✗ lb-1: it does not run, wanted running",
    "      next: changeover status shop",
    "  kept: app-2, a look",
    '  "u-1" is on its way: what differs may be its doing',
  ]);
});
