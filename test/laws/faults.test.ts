/** Laws of bad luck: whatever breaks outside, at whatever moment, the end has a name, and "upgraded" is never said falsely. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Site } from "../../src/providers/simulated/site.ts";
import { nothingWrong, servingDatabase, wrongWrites } from "./picture.ts";
import { expectNextUpgrade, expectWhole, type Told, upgradeUnderClients } from "./upgraded.ts";

/** At this moment of the run, once. */
function atMoment(at: number, strike: (site: Site) => void) {
  let [passed, site] = [0, null as Site | null];
  return {
    prepare: (shop: { site: Site }) => {
      site = shop.site;
    },
    watch: () => {
      if (passed++ === at && site) strike(site);
    },
  };
}

/** Whatever happened: one primary, no lost write that was acknowledged, a name, and never "upgraded" when it is not. */
function expectHonest(told: Told): void {
  const { end, broken, shop, clients } = told;
  expect(broken).toEqual([]);
  if (end.state !== "stuck") {
    expectWhole(told);
    return;
  }
  expect(end.problem.what).not.toBe("");
  expect(end.problem.next).toMatch(/changeover|mend|plan again|run /);
  const rows = new Set(shop.site.databases().flatMap(({ history }) => history.rows));
  expect(clients.acknowledged.filter(({ key }) => !rows.has(key))).toEqual([]);
  if (servingDatabase(shop.site)) expect(wrongWrites(shop.site, clients).duplicated).toEqual(nothingWrong.duplicated);
}

const strike = fc.record({
  at: fc.nat(330),
  failAt: fc.constantFrom(null, null, "migrate", "smoke-test"),
});
const runs = { numRuns: 40, seed: 3 };

test.each([
  ["the primary's process dies and is started again", (site: Site) => site.kill("db-1", "database")],
  ["the replica's process dies and is started again", (site: Site) => site.kill("db-2", "database")],
  ["a load balancer is restarted", (site: Site) => site.kill("lb-1", "load-balancer")],
  ["an old server's web dies", (site: Site) => site.kill("app-1", "web")],
])("%s, at any moment", async (_what, act) => {
  const ends = new Set<string>();
  await fc.assert(
    fc.asyncProperty(strike, async ({ at, failAt }) => {
      const told = await upgradeUnderClients({ failAt, ...atMoment(at, act) });
      expectHonest(told);
      ends.add(told.end.state);
      if (told.end.state === "rolled-back") await expectNextUpgrade(told);
    }),
    runs,
  );
  expect([...ends].sort()).toEqual(["rolled-back", "upgraded"]);
});

test.each([
  ["the primary's machine", "db-1"],
  ["the replica's machine", "db-2"],
  ["a load balancer's machine", "lb-2"],
])("%s is gone for good, at any moment", async (_what, name) => {
  await fc.assert(
    fc.asyncProperty(strike, async ({ at, failAt }) => {
      const told = await upgradeUnderClients({ failAt, ...atMoment(at, (site) => site.crash(name)) });
      expect(told.broken).toEqual([]);
      if (told.end.state === "stuck") expect(told.end.problem.next).not.toBe("");
    }),
    { ...runs, numRuns: 12 },
  );
});

test("a replica that lags beyond the limit stops the upgrade before the public notices", async () => {
  const told = await upgradeUnderClients({
    prepare: ({ site }) => {
      site.database("db-2").lagMs = 60_000;
    },
  });
  expect(told.end.state).not.toBe("upgraded");
  expect(told.clients.seen).toEqual({ page: 0, refused: 0, failed: 0 });
  expectHonest(told);
});

test("a standby that lags beyond the limit takes the way back from behind the page", async () => {
  let lagging = false;
  const told: Told = await upgradeUnderClients({
    ...atMomentNamed('after fence on "db-1"', (site) => {
      site.database("db-3").lagMs = 60_000;
      const primary = site.database("db-1");
      primary.migrationAllowed = true;
      expect(primary.write({ kind: "put", key: "w-late" }, "migration")).toBe(true);
      lagging = true;
    }),
  });
  expect(lagging).toBe(true);
  expect(told.end).toMatchObject({ state: "rolled-back" });
  expectWhole(told);
});

function atMomentNamed(name: string, act: (site: Site) => void) {
  let site: Site | null = null;
  let struck = false;
  return {
    prepare: (shop: { site: Site }) => {
      site = shop.site;
    },
    watch: (moment: string) => {
      if (moment !== name || struck || !site) return;
      struck = true;
      act(site);
    },
  };
}
