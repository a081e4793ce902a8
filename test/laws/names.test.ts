/** Laws of a moved name: it is where it was or where it should be, what somebody else wrote stays, and the old place is waited for. */
import { expect, test } from "vitest";
import type { JournalEntry } from "../../src/model/upgrade.ts";
import { tellingMoments } from "./moments.ts";
import { namedSite, planMoveOf, TEST, TTL, WWW } from "./named.ts";
import { run, type RunOptions, type ShopSite } from "./run.ts";

const [A, B, C] = [["10.0.0.1"], ["10.0.0.2", "10.0.0.3"], ["10.0.0.9"]] as const;

interface Story extends RunOptions {
  failAt?: string | null;
  /** Somebody leads the name to C by hand at this moment of the first control plane. */
  strangerAt?: number;
}

async function moveWww({ failAt = null, strangerAt, ...options }: Story = {}) {
  const site = namedSite();
  const { names, clock } = site.site;
  names.put(WWW, A, TTL);
  const plan = { ...(await planMoveOf(site, WWW, { to: B })), failAt };
  const began = clock.now();
  let passed = 0;
  const watch = (): void => {
    if (passed === strangerAt) names.put(WWW, C, TTL);
    passed += 1;
  };
  const ran = await run(site, plan, { ...options, watch });
  return { site, plan, ...ran, record: names.read(WWW), tookMs: clock.now() - began };
}

const proofOf = (entries: JournalEntry[], step: string, direction: "apply" | "undo" = "apply") =>
  entries.findLast((one) => one.step === step && one.direction === direction && one.result === "done")?.evidence;

test("a name is moved, and the old place is waited for as long as caches remember it", async () => {
  const { end, entries, record, tookMs } = await moveWww();
  expect(end).toEqual({ state: "upgraded" });
  expect(record).toEqual({ name: WWW, addresses: B, ttlSeconds: TTL });
  const moved = proofOf(entries, "move-name");
  expect(moved).toMatchObject({ from: "10.0.0.1", to: "10.0.0.2 and 10.0.0.3", cachesSeconds: TTL });
  expect(proofOf(entries, "await-caches")).toMatchObject({ old: "10.0.0.1", cachesUntil: moved?.cachesUntil });
  expect(tookMs).toBeGreaterThanOrEqual(TTL * 1000);
  expect(tookMs).toBeLessThan((TTL + 2) * 1000);
});

test.each([null, "move-name", "await-caches"])(
  "crash at every moment and go on, failing at %s: the same end, and no shorter wait",
  async (failAt) => {
    const wanted = await moveWww({ failAt });
    const telling = tellingMoments(wanted.moments);
    expect(telling.length).toBeGreaterThan(failAt === "move-name" ? 4 : 6);
    for (const at of telling) {
      const told = await moveWww({ failAt, deaths: [at] });
      const what = `died at ${wanted.moments[0]?.[at]}`;
      expect(told.end.state, what).toBe(failAt === null ? "upgraded" : "rolled-back");
      expect(told.record, what).toEqual({ name: WWW, addresses: failAt === null ? B : A, ttlSeconds: TTL });
      if (failAt === null) expect(told.tookMs, what).toBeGreaterThanOrEqual(TTL * 1000);
    }
  },
);

test("what somebody else writes at any moment stays, whatever dies or fails; and whoever has to look is told who has it", async () => {
  const stuck = new Set<string>();
  for (const failAt of [null, "await-caches"]) {
    const { moments } = await moveWww({ failAt });
    const all = moments[0] ?? [];
    for (let strangerAt = 0; strangerAt < all.length; strangerAt += 1) {
      for (const deaths of [[], [strangerAt + 1], [strangerAt + 3]]) {
        const { end, record, entries } = await moveWww({ failAt, strangerAt, deaths });
        const what = `a stranger at "${all[strangerAt]}", deaths at ${deaths.join()}, failing at ${failAt}`;
        expect(record.addresses, what).toEqual(C);
        if (end.state === "stuck") {
          stuck.add(all[strangerAt] ?? "");
          expect(end.problem, what).toMatchObject({ kind: "refused", why: expect.stringContaining("10.0.0.9") });
          expect(proofOf(entries, "move-name"), what).toBeDefined();
        }
        if (end.state === "rolled-back" && failAt === null)
          expect(end.reason.why, what).toMatch(/leads to 10\.0\.0\.9|answers 10\.0\.0\.9/);
      }
    }
  }
  expect(stuck.size, "some of them came after our move").toBeGreaterThan(1);
});

test("of two plans made at the same time one is carried out, and the other finds out who has the name", async () => {
  const shop = namedSite();
  shop.site.names.put(WWW, A, TTL);
  const [one, two] = [await planMoveOf(shop, WWW, { to: B }), await planMoveOf(shop, WWW, { to: C })];
  const ends = await Promise.all([run(shop, one, { upgrade: "u-1" }), run(shop, two, { upgrade: "u-2" })]);
  expect(ends.map(({ end }) => end.state).sort()).toEqual(["rolled-back", "upgraded"]);
  const winner = ends[0].end.state === "upgraded" ? B : C;
  expect(shop.site.names.read(WWW).addresses).toEqual(winner);
  const loser = ends.find(({ end }) => end.state === "rolled-back");
  expect(loser?.end).toMatchObject({ reason: { kind: "refused", why: expect.stringContaining(winner[0]) } });
});

test.each([1, 2])("answers get lost %s times: moved all the same, once", async (losing) => {
  const shop = namedSite();
  shop.site.names.put(WWW, A, TTL);
  const plan = await planMoveOf(shop, WWW, { to: B });
  shop.site.names.losing = losing;
  expect((await run(shop, plan)).end).toEqual({ state: "upgraded" });
  expect(shop.site.names.read(WWW).addresses).toEqual(B);
});

test("where every answer gets lost, the way back leads the name to where it was", async () => {
  const shop = namedSite();
  shop.site.names.put(WWW, A, TTL);
  const plan = await planMoveOf(shop, WWW, { to: B });
  shop.site.names.losing = 3;
  const { end } = await run(shop, plan);
  expect(end).toMatchObject({ state: "rolled-back", reason: { kind: "outcome-unknown" } });
  expect(shop.site.names.read(WWW).addresses).toEqual(A);
});

test("a TTL above the limit is refused when planning, and when it rose since", async () => {
  const shop = namedSite();
  shop.site.names.put(WWW, A, 3600);
  await expect(planMoveOf(shop, WWW, { to: B })).rejects.toThrow(
    /for 3600 s \(its TTL\), and the limit is 60 s.*--ttl 60/,
  );
  shop.site.names.put(WWW, A, TTL);
  const plan = await planMoveOf(shop, WWW, { to: B });
  shop.site.names.put(WWW, A, 3600);
  expect((await run(shop, plan)).end).toMatchObject({ state: "rolled-back", reason: { kind: "refused" } });
  expect(shop.site.names.read(WWW)).toEqual({ name: WWW, addresses: A, ttlSeconds: 3600 });
});

test("a long TTL is made short first, and that can be taken back as well", async () => {
  const shortened = async (failAt: string | null): Promise<ShopSite> => {
    const shop = namedSite();
    shop.site.names.put(WWW, A, 3600);
    const plan = { ...(await planMoveOf(shop, WWW, { to: A, ttlSeconds: 30 })), failAt };
    const { end, entries } = await run(shop, plan);
    expect(end.state).toBe(failAt === null ? "upgraded" : "rolled-back");
    if (failAt === null) expect(proofOf(entries, "move-name")).toMatchObject({ cachesSeconds: 3600, ttlSeconds: 30 });
    return shop;
  };
  expect((await shortened(null)).site.names.read(WWW).ttlSeconds).toBe(30);
  const shop = await shortened("move-name");
  expect(shop.site.names.read(WWW)).toEqual({ name: WWW, addresses: A, ttlSeconds: 3600 });
  shop.site.names.put(WWW, A, 30);
  await expect(planMoveOf(shop, WWW, { to: B, rememberedSeconds: 3_000 })).rejects.toThrow(/the one before for 3000 s/);
  const soon = await planMoveOf(shop, WWW, { to: B, rememberedSeconds: 45 });
  expect(soon.stages.flatMap(({ steps }) => steps.map(({ says }) => says))[1]).toContain("Wait 45 s");
});

test("a name for testers is made and taken away again, without a wait that nobody needs", async () => {
  const shop = namedSite();
  const made = await run(shop, await planMoveOf(shop, TEST, { to: B }));
  expect(made.end).toEqual({ state: "upgraded" });
  expect(shop.site.names.read(TEST)).toEqual({ name: TEST, addresses: B, ttlSeconds: TTL });
  const taken = await planMoveOf(shop, TEST, { to: [], wait: false });
  expect((await run(shop, { ...taken, failAt: "move-name" }, { upgrade: "u-2" })).end.state).toBe("rolled-back");
  expect(shop.site.names.read(TEST)).toEqual({ name: TEST, addresses: B, ttlSeconds: TTL });
  expect((await run(shop, taken, { upgrade: "u-3" })).end).toEqual({ state: "upgraded" });
  expect(shop.site.names.read(TEST).addresses).toEqual([]);
  await expect(planMoveOf(shop, WWW, { to: [] })).rejects.toThrow(/nothing to do/);
  shop.site.names.put(WWW, A, TTL);
  await expect(planMoveOf(shop, WWW, { to: [] })).rejects.toThrow(/the public comes by it/);
});
