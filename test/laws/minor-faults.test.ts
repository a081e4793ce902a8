/** Laws of minor upgrades when something else happens meanwhile: a named end, nothing lost, and the public goes on being served. */
import { expect, test } from "vitest";
import type { Site } from "../../src/providers/simulated/site.ts";
import { readInventory } from "../../src/observe/inventory.ts";
import { planGrow } from "../../src/plan/strategies/group/grow.ts";
import { expectNothingLost, type Story, type Told } from "./backed-up.ts";
import { ADDRESS, frontEnds } from "./fronts.ts";
import { minorShop, planMinorOf, shopForMinor, upgradeFronts, upgradeMinor } from "./minor.ts";
import { leftOnLoadBalancers } from "./picture.ts";
import { run } from "./run.ts";
import { network } from "./shop.ts";

/** Something happens to the site once, at the first moment of a name. */
function struck(at: string, what: (site: Site) => void): Story & { happened(): boolean } {
  let site: Site | null = null;
  let done = false;
  return {
    prepare: (on) => {
      site = on.site;
    },
    watch: (moment) => {
      if (done || site === null || !moment.startsWith(at)) return;
      done = true;
      what(site);
    },
    happened: () => done,
  };
}

function expectServed({ shop: { site }, clients }: Told): void {
  const last = clients.acknowledged.at(-1);
  expect(last?.at, "the public writes").toBeGreaterThan(site.clock.now() - 2_200);
}

test.each(["rolling", "in-place"] as const)("%s: a server dies while it drains", async (strategy) => {
  const { happened, ...story } = struck("after drain app-1", (site) => site.crash("app-1"));
  const seen = await upgradeMinor(strategy, story);
  expect(happened()).toBe(true);
  // It was to be stopped anyway: rolling it goes, in place it is started anew.
  expect(seen.end).toEqual({ state: "upgraded" });
  expectNothingLost(seen);
  expect(seen.clients.seen.page).toBe(0);
  // What was in flight on it is all that can have failed.
  expect(seen.clients.seen.failed + seen.clients.seen.refused).toBeLessThanOrEqual(1);
  expectServed(seen);
});

test("a new server that dies before it serves takes nothing with it", async () => {
  const { happened, ...story } = struck("intent apply Note how many errors", (site) => site.crash("app-2"));
  const seen = await upgradeMinor("replace", story);
  expect(happened()).toBe(true);
  expect(seen.end).toMatchObject({ state: "rolled-back" });
  expect(seen.clients.seen).toEqual({ page: 0, refused: 0, failed: 0 });
  expectNothingLost(seen);
});

test("a new server that dies while it has a share of the public is found out, and the old ones have it all again", async () => {
  const { happened, ...story } = struck("intent apply Compare errors", (site) => site.crash("app-2"));
  const seen = await upgradeMinor("canary", story);
  expect(happened()).toBe(true);
  expect(seen.end.state, JSON.stringify(seen.end)).toBe("rolled-back");
  expectNothingLost(seen);
  expect(seen.clients.seen.failed + seen.clients.seen.refused).toBeLessThanOrEqual(2);
  expectServed(seen);
});

test("a slow release gets no larger share", async () => {
  const seen = await upgradeMinor("canary", { misbehaves: { slowerMs: 400 } });
  expect(seen.end).toMatchObject({
    state: "rolled-back",
    reason: { what: "the new release does worse than the old one" },
  });
  expect(seen.entries.filter(({ step }) => step === "share-traffic" && true).length).toBeGreaterThan(0);
  expect(seen.clients.seen).toEqual({ page: 0, refused: 0, failed: 0 });
  expect(leftOnLoadBalancers(seen.shop.site)).toEqual([]);
});

test("a group that wants to grow in the middle of it is refused, and grows by the new release afterwards", async () => {
  const on = await shopForMinor();
  const burst = async () =>
    (await readInventory(on.world)).applications.filter(
      ({ record: { labels } }) => labels.group === "burst" && labels.kept === undefined,
    );
  const grow = async () =>
    planGrow({
      ...{ definition: minorShop, network, inventory: await readInventory(on.world), group: "burst" },
      ...{ has: (await burst()).map(({ record }) => record.name), because: "votes", servers: 1, now: 0 },
    });
  const vote = await grow();
  let answer: unknown = null;
  const watch = async (moment: string) => {
    if (answer !== null || !moment.startsWith("intent apply Lock ")) return;
    answer = "asked";
    answer = (await run(on, vote, { upgrade: "u-vote" })).end;
  };
  const { end } = await run(on, await planMinorOf(on, "rolling"), { watch });
  expect(answer).toMatchObject({ state: "rolled-back", reason: { kind: "refused" } });
  expect(JSON.stringify(answer)).toContain("suspended it");
  expect(end).toEqual({ state: "upgraded" });
  expect((await run(on, await grow(), { upgrade: "u-later" })).end).toEqual({ state: "upgraded" });
  expect((await burst()).map(({ installed }) => installed?.release)).toEqual(["2", "2"]);
});

test("an address that somebody else answers for is not moved, and the old front ends go on serving", async () => {
  const { happened, ...story } = struck("after route public", (site) =>
    site.strangers.set(ADDRESS, ["02:00:5e:00:00:01"]),
  );
  const seen = await upgradeFronts(frontEnds, story);
  expect(happened()).toBe(true);
  expect(seen.end.state, JSON.stringify(seen.end)).toBe("rolled-back");
  expect(leftOnLoadBalancers(seen.shop.site)).toEqual([]);
  expectNothingLost(seen);
  expectServed(seen);
});

test("a new server that is lost after the switch is found out while the old ones are still there", async () => {
  const { happened, ...story } = struck("intent apply Resume scaling group", (site) => site.crash("app-2"));
  const seen = await upgradeMinor("replace", story);
  expect(happened()).toBe(true);
  expect(seen.end.state, JSON.stringify(seen.end)).toBe("rolled-back");
  expectNothingLost(seen);
  expect(seen.clients.seen.failed + seen.clients.seen.refused).toBeLessThanOrEqual(1);
  expectServed(seen);
});
