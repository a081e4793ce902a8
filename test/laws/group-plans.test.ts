/** Laws of a group's plans: nobody notices one, and a crash or a failure at any moment leaves it whole or as it was. */
import { describe, expect, test } from "vitest";
import { groupIn, sourceIn } from "../../src/observe/group.ts";
import { readInventory } from "../../src/observe/inventory.ts";
import { groupSizeAfter } from "../../src/plan/strategies/group/size.ts";
import { expectInOrder, expectNothingLost, type Told } from "./backed-up.ts";
import {
  type Change,
  groupNow,
  growUnderClients,
  planGrowth,
  planShrinking,
  shrinkUnderClients,
  twoWorkers,
} from "./grown.ts";
import { tellingMoments } from "./moments.ts";
import { bringUp, bringUpPlan, planUpgrade, run } from "./run.ts";

function expectUnnoticed(told: Told): void {
  expectInOrder(told);
  expectNothingLost(told);
  expect(told.clients.seen).toEqual({ page: 0, refused: 0, failed: 0 });
  // Everybody is in every pool, and nobody else is.
  const names = told.after.applications.map(({ name }) => name).sort();
  for (const { name, members } of told.after.loadBalancers) {
    expect(members, name).toEqual(names.map((server) => `${server} ready true`));
  }
}

const sizeOf = ({ after }: Told): string[] => after.applications.map(({ name }) => name);

describe.each<[string, (story?: Change) => Promise<Told>, string[], string[], string]>([
  ["grows", growUnderClients, ["app-1", "burst-1"], ["app-1", "burst-1", "burst-2", "burst-3"], "join-pool"],
  ["shrinks", shrinkUnderClients, ["app-1", "burst-1", "burst-2", "burst-3"], ["app-1", "burst-3"], "leave-service"],
])("a group that %s", (_what, underway, before, after, fails) => {
  test("does so while nobody notices: the new ones are like the old, the oldest go first", async () => {
    const told = await underway();
    expect(told.end).toEqual({ state: "upgraded" });
    expect(sizeOf(told)).toEqual(after);
    expectUnnoticed(told);
    expect(groupSizeAfter(told.plan)).toBe(after.length - 1);
    const servers = told.after.applications;
    expect(new Set(servers.map(({ release }) => release))).toEqual(new Set(["1"]));
    expect(new Set(servers.map(({ web }) => web))).toEqual(new Set(["running"]));
    expect(servers.filter(({ worker }) => worker === "running")).toHaveLength(1);
  });

  test("is as it was when any step fails", async () => {
    const names = (await underway()).plan.stages.flatMap(({ steps }) => steps.map(({ step }) => step));
    const free = [...new Set(names)].filter((name) => name !== "retire-servers");
    for (const failAt of free) {
      const told = await underway({ failAt });
      expect(told.end, failAt).toMatchObject({ state: "rolled-back" });
      expect(sizeOf(told), failAt).toEqual(before);
      expectUnnoticed(told);
    }
  });

  test("ends as it would have without a crash, whenever one comes", { timeout: 60_000 }, async () => {
    for (const failAt of [null, fails]) {
      const wanted = await underway({ failAt, servers: 1 });
      const telling = tellingMoments(wanted.moments);
      expect(telling.length).toBeGreaterThan(10);
      for (const at of telling) {
        const told = await underway({ failAt, servers: 1, deaths: [at] });
        const what = `died at ${wanted.moments[0]?.[at]}`;
        expect(told.end.state, what).toBe(wanted.end.state);
        expect(sizeOf(told), what).toEqual(sizeOf(wanted));
        expectUnnoticed(told);
      }
    }
  });
});

test("what was decided on an older look does nothing: another server, another generation, a lock, a suspension", async () => {
  const shop = await bringUp();
  const { site, world } = shop;
  const [grow, shrink] = [await planGrowth(shop, 1), await planShrinking(shop, 1)];
  const servers = site.fleet.environment("shop").servers;
  const relabel = (name: string, labels: Record<string, string>) => {
    const server = servers.get(name);
    if (server) server.record = { ...server.record, labels: { ...server.record.labels, ...labels } };
  };
  const ends = async (plan: typeof grow, upgrade: string) => {
    const { end, entries } = await run(shop, plan, { upgrade });
    expect(entries.filter(({ step }) => step === "launch-server" || step === "leave-service")).toEqual([]);
    return end.state === "rolled-back" ? end.reason.why : end.state;
  };
  relabel("burst-1", { locked: "ann" });
  expect(await ends(shrink, "u-1")).toBe('"burst-1" is locked by ann');
  relabel("lb-1", { groupSuspended: "u-9" });
  expect(await ends(grow, "u-2")).toBe('"lb-1" says that u-9 suspended it');
  delete servers.get("lb-1")?.record.labels.groupSuspended;
  delete servers.get("burst-1")?.record.labels.locked;
  expect((await run(shop, await planGrowth(shop, 1), { upgrade: "u-3" })).end.state).toBe("upgraded");
  expect(await ends(grow, "u-4")).toBe('"burst-2" is there, too');
  expect((await run(shop, await planUpgrade(shop), { upgrade: "u-5" })).end.state).toBe("upgraded");
  expect(await ends(grow, "u-6")).toContain('"lb-1" does not serve pool a');
  expect((await groupIn(sourceIn(await readInventory(world)), "burst")).members).toHaveLength(2);
});

test("the last healthy server of a pool is never drained", async () => {
  const shop = await bringUp();
  shop.site.kill("app-1", "web");
  await shop.site.clock.sleep(5_000);
  const plan = await planShrinking(shop, 1);
  for (const balancer of shop.site.loadBalancers()) {
    const member = balancer.members.a.find(({ server }) => server === "app-1");
    if (member) Object.assign(member, { state: "maintenance" });
  }
  expect((await run(shop, plan)).end).toMatchObject({
    state: "rolled-back",
    reason: { why: expect.stringContaining('"lb-1" sees nobody else of pool a healthy') },
  });
});

test("workers move: the new one takes one that lacks, and one that leaves hands its own over", async () => {
  const shop = await bringUp();
  const working = async () =>
    (await readInventory(shop.world)).applications
      .filter(({ roles }) => roles.worker === "running")
      .map(({ record }) => record.name);
  expect(await working()).toEqual(["app-1"]);
  await run(shop, await planGrowth(shop, 1, twoWorkers), { upgrade: "u-1" });
  expect(await working()).toEqual(["app-1", "burst-2"]);
  await run(shop, await planGrowth(shop, 1, twoWorkers), { upgrade: "u-2" });
  expect(await working()).toEqual(["app-1", "burst-2"]);
  // burst-1 is older, and has none: nothing to hand over. Then burst-2, which has.
  await run(shop, await planShrinking(shop, 1, twoWorkers), { upgrade: "u-3" });
  expect(await working()).toEqual(["app-1", "burst-2"]);
  await run(shop, await planShrinking(shop, 1, twoWorkers), { upgrade: "u-4" });
  expect(await working()).toEqual(["app-1", "burst-3"]);
});

test("after an upgrade the group is as large as it was, in the generation that serves; and the plans tell its size", async () => {
  const shop = await bringUp();
  expect(groupSizeAfter(bringUpPlan())).toBe(1);
  await run(shop, await planGrowth(shop, 2), { upgrade: "u-1" });
  const plan = await planUpgrade(shop);
  expect(groupSizeAfter(plan)).toBe(3);
  const { end, entries } = await run(shop, plan, { upgrade: "u-2" });
  expect(end.state).toBe("upgraded");
  const { members, has } = await groupNow(shop);
  expect(has).toHaveLength(3);
  expect(members.every(({ healthy }) => healthy)).toBe(true);
  const evidence = (step: string) => entries.find((one) => one.step === step && one.result === "done")?.evidence;
  expect(evidence("suspend-group")).toEqual({ group: "burst", pool: "a", servers: 3 });
  expect(evidence("resume-group")).toEqual({ group: "burst", pool: "b", servers: 3, before: 3 });
  // It grows with what serves now, whatever the file said when the environment came up.
  await run(shop, await planGrowth(shop, 1), { upgrade: "u-3" });
  const { applications } = await readInventory(shop.world);
  expect(new Set(applications.map(({ installed }) => installed?.release))).toEqual(new Set(["2"]));
});
