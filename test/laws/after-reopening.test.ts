/** Laws of the way back after reopening: what was acknowledged is on the restored primary or in the export, whenever it is taken and whoever dies. */
import { expect, test } from "vitest";
import type { Site } from "../../src/providers/simulated/site.ts";
import { WayBackWanted } from "../../src/run/way-back.ts";
import { missingFor, readMark } from "../../src/steps/mark-reopening.ts";
import type { Clients } from "./clients.ts";
import type { ShopSite } from "./run.ts";
import { exportedKeys, servingDatabase, wrongWrites } from "./picture.ts";
import { takenBackAfterReopening } from "./reopened.ts";
import { expectAsBefore, expectNextUpgrade, expectWhole, type Told, upgradeUnderClients } from "./upgraded.ts";

const PATIENCE_MS = 240_000;

const evidenceOfLoss = ({ entries }: Told) =>
  entries.findLast(({ step, direction }) => step === "open-database" && direction === "undo")?.evidence ?? null;

/** Writes that were acknowledged and are on no database any more, and not in the export either. */
function goneNow(site: Site, { acknowledged }: Clients): string[] {
  const rows = new Set(site.databases().flatMap(({ history }) => history.rows));
  const exported = exportedKeys(site);
  return acknowledged.map(({ key }) => key).filter((key) => !rows.has(key) && !exported.has(key));
}

const kept = { keepSeconds: 60 };
/** The first of these moments that comes after the reopening began. */
const afterReopening = (all: string[], start: string): number =>
  all.findIndex(
    (moment, at) => moment.startsWith(start) && all.slice(0, at).some((one) => one.startsWith("before page off")),
  );

test("what is lost was accepted, is counted and exported, and nothing else is", async () => {
  const told = await takenBackAfterReopening();
  expect(told.end).toMatchObject({ state: "rolled-back", reason: { why: "the new release is wrong" } });
  expectWhole(told);
  expectAsBefore(told);
  const { site } = told.shop;
  const lost = wrongWrites(site, told.clients).lost;
  expect(lost.length, "the public wrote after reopening").toBeGreaterThan(10);
  const exported = [...exportedKeys(site)];
  const probes = exported.filter((key) => key.startsWith("probe-"));
  expect(exported.filter((key) => !probes.includes(key))).toEqual(lost);
  const evidence = evidenceOfLoss(told);
  expect(evidence).toMatchObject({
    fenced: "db-1",
    // A write probe after reopening cleaned up after itself.
    events: lost.length + 2 * probes.length,
    statements: 0,
    exportedTo: "exports/u-1-lost.jsonl",
  });
  expect(JSON.parse(String(evidence?.tables))).toEqual([
    { table: "rows", inserted: exported.length, updated: 0, deleted: probes.length, net: lost.length },
  ]);
  await expectNextUpgrade(told);
});

test("the order: page, fence, export, and only then another primary", async () => {
  const seen: string[] = [];
  const told = await takenBackAfterReopening({
    prepare: ({ site }) => {
      site.watchers.add((what) => {
        const page = site.loadBalancers().every((one) => one.showsPage());
        const exported = site.exports.has("u-1-lost");
        const primary = site.databases().find(({ writable }) => writable)?.name ?? "nobody";
        const now = `${page ? "page" : "open"}, ${primary}${exported ? ", exported" : ""}`;
        if (seen.at(-1) !== now) seen.push(now);
        if (what === "") seen.push("");
      });
    },
  });
  expect(told.end.state).toBe("rolled-back");
  const reopened = seen.lastIndexOf("open, db-1");
  expect(seen.slice(reopened).filter((now) => now !== seen.at(-1))).toEqual([
    "open, db-1",
    "page, db-1",
    "page, nobody",
    "page, nobody, exported",
    "page, db-3, exported",
  ]);
  expect(seen.at(-1)).toBe("open, db-3, exported");
});

test(
  "it may be asked for at any moment from the reopening on, until the old servers are retired",
  async () => {
    const [all = []] = (await upgradeUnderClients(kept)).moments;
    const reopening = all.findIndex((moment) => moment.startsWith("before page off"));
    const retired = afterReopening(all, "intent apply Retire");
    expect(retired).toBeGreaterThan(reopening + 10);
    for (let at = reopening; at < retired; at += 2) {
      const asked = new AbortController();
      let passed = 0;
      const told = await upgradeUnderClients({
        ...kept,
        wayBackAsked: asked.signal,
        watch: () => {
          if (passed++ === at) asked.abort(new WayBackWanted("-", true));
        },
      });
      expect(told.end, all[at]).toMatchObject({ state: "rolled-back" });
      expectWhole(told);
      expectAsBefore(told);
    }
  },
  PATIENCE_MS,
);

test("once the old servers are being retired it is not taken, even if someone let the request pass", async () => {
  const [all = []] = (await upgradeUnderClients(kept)).moments;
  const retired = afterReopening(all, 'before retire "app-');
  const asked = new AbortController();
  let passed = 0;
  const told = await upgradeUnderClients({
    ...kept,
    wayBackAsked: asked.signal,
    watch: () => {
      if (passed++ === retired) asked.abort(new WayBackWanted("-", true));
    },
  });
  expect(told.end.state).not.toBe("rolled-back");
  expect(servingDatabase(told.shop.site)?.name).toBe("db-1");
  expect(wrongWrites(told.shop.site, told.clients).lost).toEqual([]);
});

test(
  "crash at every moment of it: the same end, and at no moment is an acknowledged write neither there nor exported",
  async () => {
    const wanted = await takenBackAfterReopening();
    const [all = []] = wanted.moments;
    const begins = all.findIndex((moment) => moment.startsWith("intent undo"));
    expect(all.length - begins).toBeGreaterThan(60);
    // What differs between two moments is an effect that happened, or an intent.
    const telling = all.flatMap((moment, at) => (at >= begins && /^(after (?!GET)|intent)/.test(moment) ? [at] : []));
    for (const at of telling) {
      let passed = 0;
      let shop: ShopSite | null = null;
      let clients: Clients | null = null;
      const gone: string[] = [];
      const told = await takenBackAfterReopening({
        deaths: [at],
        prepare: (on) => {
          shop = on;
        },
        begun: (writing) => {
          clients = writing;
        },
        watch: () => {
          if (shop && clients && passed++ >= at) gone.push(...goneNow(shop.site, clients));
        },
      });
      const what = `died at ${all[at]}`;
      expect(told.moments.length, `a second control plane, ${what}`).toBeGreaterThan(1);
      expect(told.end.state, what).toBe("rolled-back");
      expect(gone, what).toEqual([]);
      expectWhole(told);
      expect(told.after, what).toEqual(wanted.after);
    }
  },
  PATIENCE_MS,
);

test(
  "crash at a change of a database, which restarts before anybody looks: an end by itself, and nothing is gone",
  async () => {
    const [all = []] = (await takenBackAfterReopening()).moments;
    const begins = all.findIndex((moment) => moment.startsWith("intent undo"));
    const changes = all.flatMap((moment, at) => {
      const [, changed] = /^after (?:.*) on "(db-[13])"$/.exec(moment) ?? [];
      return changed === undefined || at < begins ? [] : [{ at, moment, changed }];
    });
    expect(changes.length).toBeGreaterThan(4);
    for (const { at, moment, changed } of changes) {
      let shop: ShopSite | null = null;
      let seen = 0;
      const told = await takenBackAfterReopening({
        deaths: [at],
        prepare: (on) => {
          shop = on;
        },
        watch: () => {
          if (seen++ === at) shop?.site.kill(changed, "database");
        },
      });
      expect(told.end.state, moment).toBe("rolled-back");
      expectWhole(told);
    }
  },
  PATIENCE_MS,
);

test("what is missing for it is said: the standby or an old server that is gone, and a standby that is not closed", async () => {
  const { shop, plan } = await upgradeUnderClients();
  const { wayBack } = readMark(
    plan.stages.flatMap(({ steps }) => steps).find(({ step }) => step === "mark-reopening")?.input,
  );
  expect(await missingFor(shop, wayBack)).toBe(`gone: "${wayBack.standby}", "app-1", "burst-1"`);
  const [here, elsewhere] = [{ servers: ["app-2"] }, { standby: "db-2" }];
  expect(await missingFor(shop, { ...here, ...elsewhere })).toMatch(/^the standby "db-2" follows /);
  expect(await missingFor(shop, { ...here, standby: "db-1" })).toBe('the standby "db-1" takes writes');
  shop.site.database("db-2").follow(null);
  expect(await missingFor(shop, { ...here, ...elsewhere })).toBeNull();
});
