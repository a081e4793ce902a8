/** Laws of front ends: a load balancer and an application server have one host, nobody else has it, and everything else goes on as before. */
import { expect, test } from "vitest";
import { type EnvironmentDefinition } from "../../src/model/environment.ts";
import { besideNeeded, hostsNeeded } from "../../src/model/network.ts";
import type { Plan } from "../../src/model/plan.ts";
import { driftOfWorld } from "../../src/observe/drift.ts";
import { readInventory } from "../../src/observe/inventory.ts";
import { everyRecord, Layout } from "../../src/plan/layout.ts";
import { planBackup } from "../../src/plan/strategies/backup/backup.ts";
import { planMajor } from "../../src/plan/strategies/major/major.ts";
import { planMoveAddress } from "../../src/plan/strategies/move-address.ts";
import { planRelaunch } from "../../src/plan/strategies/server/relaunch.ts";
import { planReplace } from "../../src/plan/strategies/server/replace.ts";
import { type Story, underClients } from "./backed-up.ts";
import { tellingMoments } from "./moments.ts";
import { bringUpFronts as bringUp, bringUpFrontsPlan as bringUpPlan, frontEnds, hosts, split } from "./fronts.ts";
import { nothingWrong, picture, wrongWrites } from "./picture.ts";
import { type ShopSite } from "./run.ts";
import { artefacts } from "./shop.ts";

const inventoryOf = ({ world }: ShopSite) => readInventory(world);
const groundOf = async (on: ShopSite, count: number) => ({
  ...{ definition: frontEnds, network: hosts(count), boots: new Map() },
  inventory: await inventoryOf(on),
});

/** Whoever is on each host: "lb-1 app-1". */
async function hostsOf(on: ShopSite): Promise<string[]> {
  const found = new Map<string, string[]>();
  for (const { name, address } of everyRecord(await inventoryOf(on))) {
    found.set(address, [...(found.get(address) ?? []), name]);
  }
  return [...found.values()].map((names) => names.join(" ")).sort();
}

async function driftOf(on: ShopSite, definition = frontEnds) {
  return driftOfWorld({ definition, release: null, groupSize: null }, await inventoryOf(on));
}

async function told(make: (on: ShopSite) => Promise<Plan>, story: Story = {}) {
  const { on } = await bringUp();
  return underClients(on, () => make(on), story);
}

const expectNothingLost = ({ shop: { site }, clients }: Awaited<ReturnType<typeof told>>) => {
  expect(wrongWrites(site, clients)).toEqual(nothingWrong);
  expect(clients.acknowledged.length).toBeGreaterThan(20);
};

test("an environment of front ends comes up on as many hosts as there are, and each finds its database by itself", async () => {
  const { on, end } = await bringUp();
  expect(end).toEqual({ state: "upgraded" });
  expect(await hostsOf(on)).toEqual(["burst-1", "db-1", "db-2", "lb-1 app-1", "lb-2 app-2"]);
  expect(hostsNeeded(frontEnds)).toBe(5);
  const { applications, loadBalancers } = await inventoryOf(on);
  const addressOf = (name: string) => loadBalancers.find(({ record }) => record.name === name)?.record.address;
  expect(applications.map(({ record, installed }) => [record.name, installed?.database.address])).toEqual([
    ["app-1", addressOf("lb-1")],
    ["app-2", addressOf("lb-2")],
    ["burst-1", addressOf("lb-1")],
  ]);
  expect(await driftOf(on)).toEqual([]);
  expect(() => bringUpPlan(4)).toThrow("no host left for another application · each of its 4 hosts");
});

test("die at any moment of coming up: it comes up all the same", async () => {
  const wanted = await bringUp();
  const telling = tellingMoments(wanted.moments).filter((_, turn) => turn % 5 === 0);
  expect(telling.length).toBeGreaterThan(10);
  const after = await picture(wanted.on.site, wanted.on.world);
  for (const at of telling) {
    const { on, end } = await bringUp({ deaths: [at] });
    expect([end, await picture(on.site, on.world)], `died at ${wanted.moments[0]?.[at]}`).toEqual([wanted.end, after]);
  }
}, 60_000);

test("a floating address goes from one front end to the other, looked at from a host that is neither", async () => {
  const seen = await told(async (on) =>
    planMoveAddress({
      ...{ definition: frontEnds, inventory: await inventoryOf(on), holders: ["lb-1"] },
      ...{ name: "www", to: "lb-2" },
    }),
  );
  expect(seen.end).toEqual({ state: "upgraded" });
  const evidence = seen.entries.find(({ step }) => step === "move-address")?.evidence;
  expect(evidence).toMatchObject({ holder: "lb-2", before: "lb-1", answeredBy: "lb-2", askedFrom: "db-2" });
  expectNothingLost(seen);
});

test("an application server is launched anew beside its load balancer", async () => {
  const seen = await told(async (on) => planRelaunch(await groundOf(on, 5), "app-1", (current) => current));
  expect(seen.end).toEqual({ state: "upgraded" });
  expect(await hostsOf(seen.shop)).toContain("lb-1 app-1");
  expect(await driftOf(seen.shop)).toEqual([]);
  expectNothingLost(seen);
});

test("one that is replaced is a plain one on a host of its own afterwards, and nothing calls that drift", async () => {
  const seen = await told(async (on) => planReplace(await groundOf(on, 6), "app-1"));
  expect(seen.end).toEqual({ state: "upgraded" });
  // The bad one is kept where it is, beside its load balancer.
  expect(await hostsOf(seen.shop)).toEqual(["app-3", "burst-1", "db-1", "db-2", "lb-1 app-1", "lb-2 app-2"]);
  expect(await driftOf(seen.shop)).toEqual([]);
  expectNothingLost(seen);
});

test("a backup is taken and proven as elsewhere", async () => {
  const seen = await told(async (on) =>
    planBackup({ definition: frontEnds, network: hosts(6), inventory: await inventoryOf(on), why: "person" }),
  );
  expect(seen.end).toEqual({ state: "upgraded" });
  expectNothingLost(seen);
});

test("a major upgrade is refused while the file says front ends, and says what can be done", async () => {
  const { on } = await bringUp();
  const inventory = await inventoryOf(on);
  const upgrade = (definition: EnvironmentDefinition, count: number) =>
    planMajor({ definition, network: hosts(count), inventory, to: "2", artefacts, failAt: null });
  expect(() => upgrade(frontEnds, 20)).toThrow(
    /guard "no front end has to be split".*set application\.frontEnds: false/,
  );
  const needed = 5 + besideNeeded(split).count;
  expect(() => upgrade(split, needed - 1)).toThrow(`${needed} are needed`);
});

test("one whose front ends are to be split parts load balancers and application servers under traffic", async () => {
  const count = 5 + besideNeeded(split).count;
  const seen = await told(async (on) =>
    planMajor({
      ...{ definition: split, network: hosts(count), inventory: await inventoryOf(on) },
      ...{ to: "2", artefacts, failAt: null },
    }),
  );
  expect(seen.end).toEqual({ state: "upgraded" });
  expect(await hostsOf(seen.shop)).toEqual(["app-3", "app-4", "burst-2", "db-1", "db-2", "lb-1", "lb-2"]);
  expect(await driftOf(seen.shop, split)).toEqual([]);
});

test("new front ends get names and a host that nobody has", async () => {
  const { on } = await bringUp();
  const layout = new Layout("shop", hosts(8), everyRecord(await inventoryOf(on)));
  const many = [1, 2, 3].map(() => layout.frontEnd({ loadBalancer: { role: "new" }, application: { slot: "b" } }));
  expect(many.map(({ loadBalancer, application }) => [loadBalancer.name, application.name])).toEqual([
    ["lb-3", "app-3"],
    ["lb-4", "app-4"],
    ["lb-5", "app-5"],
  ]);
  expect(many[0]).toEqual({
    loadBalancer: {
      ...{ environment: "shop", name: "lb-3", kind: "load-balancer", address: "10.77.1.6" },
      labels: { role: "new", beside: "app-3" },
    },
    application: {
      ...{ environment: "shop", name: "app-3", kind: "application", address: "10.77.1.6" },
      labels: { slot: "b", beside: "lb-3" },
    },
  });
  expect(() => layout.frontEnd({ loadBalancer: {}, application: {} })).toThrow("no host left");
});
