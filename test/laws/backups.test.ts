/** Laws of backups: nobody notices one, a crash or a failure at any moment leaves nothing, and only what is proven is called so. */
import { expect, test } from "vitest";
import { isVerified } from "../../src/model/backup.ts";
import { History } from "../../src/providers/simulated/history.ts";
import { heldBackups } from "../../src/steps/parts/held-backups.ts";
import {
  backUpUnderClients,
  expectInOrder,
  expectNothingLost,
  expectSameSite,
  heldIn,
  planBackupOf,
  planVerifyOf,
  type Story,
  type Told,
  underClients,
} from "./backed-up.ts";
import { tellingMoments } from "./moments.ts";
import { bringUp, run, type ShopSite } from "./run.ts";

function expectUnnoticed(told: Told): void {
  expectInOrder(told);
  expectNothingLost(told);
  expectSameSite(told);
  expect(told.clients.seen).toEqual({ page: 0, refused: 0, failed: 0 });
  expect(told.after.databases.map(({ name }) => name)).toEqual(["db-1", "db-2"]);
}

test("a backup is taken of the replica and proven, and nobody notices", async () => {
  const told = await backUpUnderClients();
  expect(told.end).toEqual({ state: "upgraded" });
  expectUnnoticed(told);
  const [held, ...others] = await heldBackups(told.shop.world);
  expect(others).toEqual([]);
  expect(held).toMatchObject({ server: "db-2", kept: null, backup: { id: "u-1-backup", why: "person", failed: null } });
  const { verified, content } = held?.backup ?? {};
  expect(verified).toMatchObject({ against: "source", tables: 1 });
  expect(verified?.rows).toBeGreaterThan(10);
  expect(content?.tables).toEqual([{ table: "rows", rows: verified?.rows, sum: expect.any(String) }]);
  const evidence = told.entries.find(({ step }) => step === "assert-backup")?.evidence;
  expect(evidence).toMatchObject({ backup: "u-1-backup", rows: verified?.rows, tables: 1 });
});

test("every step of a backup can fail, and nobody notices", async () => {
  const names = (await backUpUnderClients()).plan.stages.flatMap(({ steps }) => steps.map(({ step }) => step));
  for (const failAt of new Set(names)) {
    const told = await backUpUnderClients({ failAt });
    expect(told.end, failAt).toMatchObject({ state: "rolled-back" });
    expectUnnoticed(told);
    const [again] = [await run(told.shop, await planBackupOf(told.shop), { upgrade: "u-2" })];
    expect(again.end).toEqual({ state: "upgraded" });
  }
});

test("crash at every moment of a backup and go on: the same end as without", async () => {
  for (const failAt of [null, "assert-backup"]) {
    const wanted = await backUpUnderClients({ failAt });
    const telling = tellingMoments(wanted.moments);
    expect(telling.length).toBeGreaterThan(25);
    for (const at of telling) {
      const told = await backUpUnderClients({ failAt, deaths: [at] });
      const what = `died at ${wanted.moments[0]?.[at]}`;
      expect(told.end.state, what).toBe(wanted.end.state);
      expectUnnoticed(told);
      expect(told.after, what).toEqual(wanted.after);
    }
  }
}, 60_000);

test("where no replica is in sync, no backup is taken, and it says why", async () => {
  const shop = await bringUp();
  shop.site.database("db-2").follow(null);
  await expect(planBackupOf(shop)).rejects.toThrow(/no replica is in sync with "db-1": "db-2" follows nobody/);
  shop.site.crash("db-2");
  await expect(planBackupOf(shop)).rejects.toThrow(/"db-2" is down/);
});

/** The same position and as many rows, but one of them is not what it was. */
function damage({ site }: ShopSite, server: string, id: string): void {
  const held = site.database(server).backups.get(id);
  if (!held) throw new Error(`no ${id}`);
  const [first, ...rest] = held.history.rows;
  const history = new History();
  history.append({ id: "0-1-0", change: { kind: "schema", name: "rows" } });
  for (const key of [`${first}-rotten`, ...rest]) {
    history.append({ id: held.backup.position, change: { kind: "put", key } });
  }
  site.database(server).backups.set(id, { ...held, history });
}

test("an old backup is verified by what was written down; one that rotted is refused, listed so, and never preferred", async () => {
  const { shop } = await backUpUnderClients();
  const good = await underClients(shop, async () => planVerifyOf(shop, await heldIn(shop, "u-1-backup")), {
    upgrade: "u-2",
  });
  expect(good.end).toEqual({ state: "upgraded" });
  expect((await heldIn(shop, "u-1-backup")).backup.verified).toMatchObject({ against: "record" });

  damage(shop, "db-2", "u-1-backup");
  const bad = await underClients(shop, async () => planVerifyOf(shop, await heldIn(shop, "u-1-backup")), {
    upgrade: "u-3",
  });
  expect(bad.end).toMatchObject({
    state: "rolled-back",
    reason: { what: 'backup "u-1-backup" is not proven', why: expect.stringContaining("with other values") },
  });
  const { backup } = await heldIn(shop, "u-1-backup");
  expect(isVerified(backup)).toBe(false);
  expect(backup.failed?.why).toContain('table "rows"');
  expect(bad.after.databases.map(({ name }) => name)).toEqual(["db-1", "db-2"]);

  // The next one that is proven lets it go.
  expect((await run(shop, await planBackupOf(shop), { upgrade: "u-4" })).end).toEqual({ state: "upgraded" });
  expect((await heldBackups(shop.world)).map(({ backup: { id } }) => id)).toEqual(["u-4-backup"]);
});

test("crash at every moment of a verification and go on: proven again, and no spare is left", async () => {
  const verify = async (story: Story) => {
    const { shop } = await backUpUnderClients();
    const plan = async () => planVerifyOf(shop, await heldIn(shop, "u-1-backup"));
    return underClients(shop, plan, { ...story, upgrade: "u-2" });
  };
  const wanted = await verify({});
  const telling = tellingMoments(wanted.moments);
  expect(telling.length).toBeGreaterThan(8);
  for (const at of telling) {
    const told = await verify({ deaths: [at] });
    expect(told.end, `died at ${wanted.moments[0]?.[at]}`).toEqual({ state: "upgraded" });
    expect(told.after).toEqual(wanted.after);
    expect((await heldIn(told.shop, "u-1-backup")).backup).toMatchObject({
      verified: { against: "record" },
      failed: null,
    });
  }
});

test("a backup whose content nobody wrote down is not started at all", async () => {
  const { shop } = await backUpUnderClients();
  const { backups } = shop.site.database("db-2");
  const held = backups.get("u-1-backup");
  if (held) backups.set("u-1-backup", { ...held, backup: { ...held.backup, content: null } });
  const plan = await planVerifyOf(shop, await heldIn(shop, "u-1-backup"));
  expect((await run(shop, plan, { upgrade: "u-2" })).end).toMatchObject({
    state: "rolled-back",
    reason: { why: "nobody wrote down what its source held" },
  });
});
