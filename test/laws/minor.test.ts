/** Laws of minor upgrades: by every strategy, wherever one fails, dies or is taken back, no request of the public fails. */
import { describe, expect, test } from "vitest";
import { minorStrategies, type MinorStrategy } from "../../src/model/plan.ts";
import { Problem } from "../../src/model/problem.ts";
import { type Told, underClients } from "./backed-up.ts";
import { minorShop, shopForMinor, planMinorOf, upgradeMinor } from "./minor.ts";
import { expectSameAfterCrashes, expectUnnoticed, serving } from "./minor-told.ts";

const pools = ({ loadBalancers }: Told["after"]) => loadBalancers.map(({ routes, members }) => ({ routes, members }));

/** Who serves, with what; and the pool. How an earlier try is kept for diagnosis is another story. */
function expectBlue(seen: Told, what: string): void {
  const plain = (at: Told["after"]) =>
    serving(at).map(({ labels: { draining: _, sessionsCut: __, ...labels }, ...one }) => ({ ...one, labels }));
  expect(plain(seen.after), what).toEqual(plain(seen.before));
  expect(pools(seen.after), what).toEqual(pools(seen.before));
}

describe.each(minorStrategies)("%s", (strategy: MinorStrategy) => {
  test("the new release serves, the old servers are gone, and nobody noticed", async () => {
    const seen = await upgradeMinor(strategy);
    expect(seen.end).toEqual({ state: "upgraded" });
    expectUnnoticed(seen, strategy);
    const now = serving(seen.after);
    expect(now.map(({ release, web, labels }) => [release, web, labels.group])).toEqual([
      ["2", "running", undefined],
      ["2", "running", "burst"],
    ]);
    expect(now.filter(({ worker }) => worker === "running")).toHaveLength(1);
    expect(now.map(({ name }) => name)).toEqual(strategy === "in-place" ? ["app-1", "burst-1"] : ["app-2", "burst-2"]);
    for (const { members } of seen.after.loadBalancers) expect(members).toHaveLength(2);
  });

  test("every step can fail, and the old release serves as before", async () => {
    const all = (await planMinorOf(await shopForMinor(), strategy)).stages.flatMap(({ steps }) => steps);
    const names = all.map(({ step }) => step);
    // From these on there is no way back.
    const last = names.findIndex((name) => name === "retire-servers" || name === "prune-backups");
    const before = new Set(names.slice(0, last));
    expect(before.size).toBeGreaterThan(20);
    for (const failAt of before) {
      const seen = await upgradeMinor(strategy, { failAt });
      expect(seen.end, failAt).toMatchObject({ state: "rolled-back" });
      expectUnnoticed(seen, `${strategy} at ${failAt}`);
      expectBlue(seen, `${strategy} at ${failAt}`);
    }
  }, 120_000);

  // Every moment: test/long/minor-crash.test.ts.
  test("a crash at a moment of any kind ends the same", async () => {
    await expectSameAfterCrashes(strategy, (turn) => turn % 9 === 0);
  }, 60_000);

  test("taken back while the old one is kept, with one word", async () => {
    const ask = async () => ({ kind: "refused", what: "back, please", why: "-", next: "-" }) as const;
    const seen = await upgradeMinor(strategy, { keepSeconds: 3600, ask });
    expect(seen.end, JSON.stringify(seen.end)).toMatchObject({
      state: "rolled-back",
      reason: { what: "back, please" },
    });
    expectUnnoticed(seen, strategy);
    expectBlue(seen, strategy);
    // The database is untouched by the way back.
    for (const { schema } of seen.after.databases) expect(schema).toEqual(["rows", "add notices", "add rows.note"]);
    // The next one finds its migration done, and passes.
    const next = await underClients(seen.shop, () => planMinorOf(seen.shop, strategy), { upgrade: "u-2" });
    expect(next.end).toEqual({ state: "upgraded" });
    expectUnnoticed(next, `${strategy}, once more`);
  });

  test("the way back can be asked for at any moment", async () => {
    const all = (await upgradeMinor(strategy)).moments[0] ?? [];
    const closed = all.findIndex(
      // In place nothing is retired: there the last look closes it.
      (moment) => /^intent apply (Retire .*("app-1"|"burst-1")|Assert that nothing is left)/.test(moment),
    );
    for (const at of all.map((_, turn) => turn).filter((turn) => turn % 13 === 0 && (closed < 0 || turn < closed))) {
      const asked = new AbortController();
      let passed = 0;
      const watch = () => {
        if (passed++ === at) asked.abort(new Problem("refused", { what: "asked", why: "-", next: "-" }));
      };
      const seen = await upgradeMinor(strategy, { wayBackAsked: asked.signal, watch });
      expect(seen.end, all[at]).toMatchObject({ state: "rolled-back" });
      expectUnnoticed(seen, `${strategy}, asked at ${all[at]}`);
      expectBlue(seen, `${strategy}, asked at ${all[at]}`);
    }
  }, 120_000);

  test.each([
    ["never gets healthy", { web: "never-healthy" }],
    ["dies", { web: "dies" }],
    ["migrates when it starts", { web: "migrates" }],
    ["lies about its migration", { migration: "lies" }],
  ] as const)("a release that %s is found on the copy", async (_how, misbehaves) => {
    const seen = await upgradeMinor(strategy, { misbehaves });
    expect(seen.end).toMatchObject({ state: "rolled-back" });
    expectUnnoticed(seen, strategy);
    expectBlue(seen, strategy);
    expect(seen.after.databases[0]?.schema).toEqual(["rows"]);
  });

  test("a release that is bad only where it serves never reaches the public", async () => {
    const seen = await upgradeMinor(strategy, { misbehaves: { web: "never-healthy", goodOnCopies: true } });
    expect(seen.end).toMatchObject({ state: "rolled-back", reason: { kind: "unhealthy" } });
    expectUnnoticed(seen, strategy);
    expectBlue(seen, strategy);
  });

  test("a schema that the old release can't use is refused as a major upgrade, and the live one is as it was", async () => {
    const seen = await upgradeMinor(strategy, { misbehaves: { schema: ["rows", "rename"] } });
    expect(seen.end).toMatchObject({ state: "rolled-back" });
    expect(JSON.stringify(seen.end)).toContain("this is a major upgrade");
    expectUnnoticed(seen, strategy);
    expectBlue(seen, strategy);
    expect(seen.after.databases[0]?.schema).toEqual(["rows"]);
  });
});

test("a release without a migration needs no copy, and is found out when its start migrates", async () => {
  const releases = structuredClone(minorShop.releases);
  delete releases["2"]?.migrate;
  const definition = { ...minorShop, releases };
  for (const strategy of minorStrategies) {
    const same = { schema: ["rows"] };
    const good = await upgradeMinor(strategy, { definition, misbehaves: same });
    expect(good.end, strategy).toEqual({ state: "upgraded" });
    expectUnnoticed(good, strategy);
    expect(good.plan.stages.flatMap(({ steps }) => steps.map(({ step }) => step))).not.toContain("restore-backup");
    const bad = await upgradeMinor(strategy, { definition, misbehaves: { ...same, web: "migrates" } });
    expect(bad.end, strategy).toMatchObject({
      state: "rolled-back",
      reason: { what: "release 2 changes the schema when it starts" },
    });
    expectUnnoticed(bad, strategy);
    expectBlue(bad, strategy);
  }
});
