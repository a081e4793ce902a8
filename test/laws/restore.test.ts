/** Laws of a restore: it gives up exactly what it said, keeps even that, and until reopening its way back gives up nothing. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { Problem } from "../../src/model/problem.ts";
import {
  expectInOrder,
  expectNothingLost,
  expectSameSite,
  heldIn,
  planBackupOf,
  planRestoreOf,
  restoreUnderClients,
  type Story,
} from "./backed-up.ts";
import { tellingMoments } from "./moments.ts";
import { servingDatabase } from "./picture.ts";
import { planUpgrade, run } from "./run.ts";

type Told = Awaited<ReturnType<typeof restoreUnderClients>>;
const PATIENCE_MS = 120_000;

/** The public has what the backup held and what was written since reopening; the rest is in the backup of before. */
function expectRestored(told: Told): void {
  expectInOrder(told);
  expectSameSite(told);
  const { shop, clients, after, held } = told;
  const rows = servingDatabase(shop.site)?.history.rows ?? [];
  expect(new Set(rows).size, "no row is there twice").toBe(rows.length);
  const restored = shop.site.database(held.server).backups.get(held.backup.id)?.history.rows ?? [];
  expect(rows.slice(0, restored.length)).toEqual(restored);
  const kept = new Set(shop.site.database("db-2").backups.get("u-1-before-restore")?.history.rows);
  const here = new Set(rows);
  expect(clients.acknowledged.filter(({ key }) => !here.has(key) && !kept.has(key))).toEqual([]);
  const old = after.databases.find(({ name }) => name === "db-1");
  expect(old).toMatchObject({ running: false, bootsWritable: false, labels: { kept: "diagnosis of u-1" } });
  expect(after.databases.map(({ name }) => name)).toEqual(["db-1", "db-2", "db-3"]);
}

/** As if nobody had ever asked for the restore. */
function expectTakenBack(told: Told): void {
  expectInOrder(told);
  expectNothingLost(told);
  expectSameSite(told);
  expect(told.after.databases.map(({ name, writable }) => [name, writable])).toEqual([
    ["db-1", true],
    ["db-2", false],
  ]);
}

const expectEnd = (told: Told): void => (told.end.state === "upgraded" ? expectRestored(told) : expectTakenBack(told));

test("a backup is restored: the public sees the page, then what the backup held, and what was given up is kept", async () => {
  const told = await restoreUnderClients();
  expect(told.end).toEqual({ state: "upgraded" });
  expectRestored(told);
  expect(told.clients.seen).toMatchObject({ failed: 0 });
  expect(told.clients.seen.page).toBeGreaterThan(0);
  const [before, since] = [told.held.backup.verified?.rows ?? 0, told.clients.acknowledged];
  const measured = told.entries.find(({ step }) => step === "measure-restore")?.evidence;
  const lost = since.filter(({ landed }) => landed === "db-1").length;
  expect(lost).toBeGreaterThan(5);
  expect(measured).toMatchObject({ tables: 1, backupPosition: told.held.backup.position });
  // What was written between taking the backup and counting is given up as well.
  expect(Number(measured?.transactions)).toBeGreaterThanOrEqual(lost);
  const saved = (await heldIn(told.shop, "u-1-before-restore")).backup;
  expect(saved).toMatchObject({ why: "restore", failed: null, verified: { against: "source" } });
  expect(saved.verified?.rows).toBe(before + Number(measured?.transactions));
  expect(measured?.differs).toBe(
    `table "rows": ${saved.verified?.rows} rows in "db-1" now, ${before} rows in the backup`,
  );
});

test("what was given up can be had again, by a restore of the backup of before", async () => {
  const { shop } = await restoreUnderClients();
  const before = await heldIn(shop, "u-1-before-restore");
  const { end } = await run(shop, await planRestoreOf(shop, before), { upgrade: "u-2" });
  expect(end).toEqual({ state: "upgraded" });
  const rows = servingDatabase(shop.site)?.history.rows ?? [];
  expect(rows.slice(0, before.backup.verified?.rows)).toEqual(
    shop.site.database("db-2").backups.get("u-1-before-restore")?.history.rows,
  );
});

test(
  "every step before reopening can fail, and nothing is given up; then it succeeds, and so does an upgrade",
  async () => {
    const all = (await restoreUnderClients()).plan.stages.flatMap(({ steps }) => steps.map(({ step }) => step));
    const names = new Set(all.slice(0, all.indexOf("reopen")));
    names.delete("gate");
    expect(names.size).toBeGreaterThan(13);
    for (const failAt of names) {
      const told = await restoreUnderClients({ failAt });
      expect(told.end, failAt).toMatchObject({ state: "rolled-back" });
      expectTakenBack(told);
      const again = await run(told.shop, await planRestoreOf(told.shop, told.held), { upgrade: "u-2" });
      expect(again.end, failAt).toEqual({ state: "upgraded" });
      expect((await run(told.shop, await planUpgrade(told.shop), { upgrade: "u-3" })).end, failAt).toEqual({
        state: "upgraded",
      });
    }
  },
  PATIENCE_MS,
);

test.each(["restore", "reopen"])("a gate %s that is denied gives up nothing", async (gate) => {
  const ask: Story["ask"] = async ({ input }) =>
    (input as { gate: string }).gate === gate ? { kind: "refused", what: "no", why: "-", next: "-" } : null;
  const told = await restoreUnderClients({ ask });
  expect(told.end).toMatchObject({ state: "rolled-back", reason: { what: "no" } });
  expectTakenBack(told);
  if (gate === "restore") expect(told.clients.seen.page, "the page was never shown").toBe(0);
});

test.each([null, "smoke-test"])(
  "crash at every moment and go on: the same end as without (fails at %s)",
  async (failAt) => {
    const wanted = await restoreUnderClients({ failAt });
    const telling = tellingMoments(wanted.moments);
    expect(telling.length).toBeGreaterThan(70);
    // All of the way forward, and every other one of the way that both have in common.
    for (const at of telling.filter((_, number) => failAt === null || number % 2 === 0)) {
      const told = await restoreUnderClients({ failAt, deaths: [at] });
      const what = `died at ${wanted.moments[0]?.[at]}`;
      expect(told.end.state, `${what}: ${JSON.stringify(told.end)}`).toBe(wanted.end.state);
      expectEnd(told);
      expect(told.after, what).toEqual(wanted.after);
    }
  },
  PATIENCE_MS,
);

test("the way back can be asked for at any moment before reopening, and gives up nothing", async () => {
  const [all = []] = (await restoreUnderClients()).moments;
  const reopening = all.findIndex((moment) => moment.startsWith("before page off"));
  expect(reopening).toBeGreaterThan(60);
  for (let at = 0; at < reopening; at += 5) {
    const asked = new AbortController();
    let passed = 0;
    const watch = () => {
      if (passed++ === at)
        asked.abort(new Problem("refused", { what: "the way back was asked for", why: "-", next: "-" }));
    };
    const told = await restoreUnderClients({ wayBackAsked: asked.signal, watch });
    expect(told.end, all[at]).toMatchObject({ state: "rolled-back" });
    expectTakenBack(told);
  }
});

test.each([
  ["the primary", "db-1"],
  ["the replica", "db-2"],
  ["the restored database", "db-3"],
])(
  "%s dies and is started again, at any moment: one primary, an end with a name, nothing lost",
  async (_who, name) => {
    const strike = fc.record({ at: fc.nat(200), failAt: fc.constantFrom(null, "smoke-test") });
    await fc.assert(
      fc.asyncProperty(strike, async ({ at, failAt }) => {
        let passed = 0;
        let site: Told["shop"]["site"] | null = null;
        const told = await restoreUnderClients({
          failAt,
          prepare: (shop) => {
            site = shop.site;
          },
          watch: () => {
            const there = site?.databases().some((one) => one.name === name && one.up);
            if (passed++ === at && there) site?.kill(name, "database");
          },
        });
        expect(told.broken).toEqual([]);
        if (told.end.state === "stuck") expect(told.end.problem.next).not.toBe("");
        else expectEnd(told);
      }),
      { numRuns: 25, seed: 5 },
    );
  },
  PATIENCE_MS,
);

test("a backup of another schema, or one that nobody could prove, is refused before anything is done", async () => {
  const { shop, held } = await restoreUnderClients({ failAt: "read-traffic" });
  const content = held.backup.content && { ...held.backup.content, schema: "another" };
  const other = { ...held, backup: { ...held.backup, content } };
  await expect(planRestoreOf(shop, other)).rejects.toThrow(/can't be restored under release 1/);
  const blank = { ...held, backup: { ...held.backup, content: null } };
  await expect(planRestoreOf(shop, blank)).rejects.toThrow(/nobody wrote down what its source held/);
  expect((await run(shop, await planBackupOf(shop), { upgrade: "u-2" })).end).toEqual({ state: "upgraded" });
});
