/** The contract's part about one server: created once, fenced and opened for good, and who writes through the fence. */
import { expect, test } from "vitest";
import type { Database } from "../../../src/model/database.ts";
import { problemOf } from "../host/world.ts";
import { alone, fenced, keysOf, launch, open, primaryOf, type Setting, write } from "./world.ts";

export function describeFence(world: Setting): void {
  test("on a bare server there is nothing to start, to back up or to copy", async () => {
    const bare = await launch(world());
    expect(await bare.health()).toMatchObject({ running: false, writable: false, bootsWritable: false, ...alone });
    expect(await problemOf(bare.start())).toBe("not-found");
    expect(await problemOf(bare.backup("u-1"))).toBe("not-found");
    expect(await problemOf((await launch(world())).seedFrom(bare))).toBe("not-found");
    expect(await bare.backups()).toEqual([]);
    await bare.stop();
  });

  test("a new server is empty, fenced and alone; creating it again changes nothing, another database is refused", async () => {
    const { settings } = world();
    const server = await primaryOf(world(), "as it is");
    expect(await server.health()).toMatchObject({ ...fenced, ...alone, error: null });
    expect(await server.checksums()).toEqual([]);
    expect(await server.blockers()).toEqual([]);
    const position = await server.position();
    await server.create(settings, 1);
    await server.start();
    expect(await server.position()).toBe(position);
    for (const other of [{ name: "other" }, { user: "other" }, { port: settings.port + 1 }]) {
      expect(await problemOf(server.create({ ...settings, ...other }, 1))).toBe("refused");
    }
    expect(server.port).toBe(settings.port);
    expect(await server.health()).toMatchObject(fenced);
  });

  test("unfenced it takes writes, also after its process was killed", async () => {
    const primary = await primaryOf(world());
    expect(await world().changeSchema(primary, "app", "first")).toBe(true);
    await world().kill(primary);
    expect(await primary.health()).toMatchObject(open);
    expect(await write(world(), primary, "opened")).toBe(true);
    expect(await keysOf(world(), primary)).toContain("opened");
  });

  test("what it is ready for is read without a change: open transactions, longest first, and what a copy takes", async () => {
    const primary = await primaryOf(world());
    const position = await primary.position();
    const [old, young] = [await world().connect(primary, "app"), await world().connect(primary, "migrate")];
    for (const [client, key] of [
      [old, "old"],
      [young, "young"],
    ] as const) {
      await client.begin();
      expect(await client.write(key)).toBe(true);
      await world().clock.sleep(1_100);
    }
    const { longTransactions, ...seen } = await primary.readiness(1);
    const { user } = world().settings;
    expect(longTransactions.map((one) => one.user)).toEqual([user, `${user}_migrate`]);
    expect(longTransactions[0]?.seconds).toBeGreaterThanOrEqual(longTransactions[1]?.seconds ?? 0);
    expect((await primary.readiness(60)).longTransactions).toEqual([]);
    expect(seen.dataBytes).toBeGreaterThan(0);
    expect(seen.disk).toEqual({ fileSystem: expect.any(String), freeBytes: expect.any(Number) });
    expect(await primary.position()).toBe(position);
    expect([await old.commit(), await young.commit()]).toEqual([true, true]);
    // InnoDB answers for a tenth of a second with what it said before.
    await world().clock.sleep(500);
    expect((await primary.readiness(0)).longTransactions).toEqual([]);
    await Promise.all([old.end(), young.end()]);
  });

  test("the fence cuts every connection, half transactions are gone, and it outlives the process", async () => {
    const primary = await primaryOf(world());
    const [idle, half, tool] = await Promise.all([
      world().connect(primary, "app"),
      world().connect(primary, "app"),
      world().connect(primary, "migrate"),
    ]);
    expect(await idle.write("before")).toBe(true);
    expect(await tool.write("as-one-more-application")).toBe(true);
    await half.begin();
    expect(await half.write("half")).toBe(true);
    // As above: it may be a moment old.
    await world().clock.sleep(500);
    const kinds = (await primary.blockers()).map(({ what }) => what).sort();
    expect(kinds).toEqual(["connection", "connection", "connection", "transaction"]);
    await primary.fence();
    expect(await primary.blockers()).toEqual([]);
    expect(await half.commit()).toBe(false);
    for (const cut of [idle, half, tool]) expect([await cut.stands(), await cut.write("cut")]).toEqual([false, false]);
    const position = await primary.position();
    await primary.fence();
    await world().kill(primary);
    expect(await primary.health()).toMatchObject({ ...fenced, ...alone });
    for (const account of ["app", "migrate"] as const) {
      expect([account, await write(world(), primary, "late", account)]).toEqual([account, false]);
    }
    expect(await primary.position()).toBe(position);
    const keys = await keysOf(world(), primary);
    expect(keys).toEqual(expect.arrayContaining(["before", "as-one-more-application"]));
    expect(keys).not.toEqual(expect.arrayContaining(["half"]));
  });

  test("a server that can't be fenced stays open, and boots open", { timeout: 60_000 }, async () => {
    const primary = await primaryOf(world());
    const letGo = await world().hold(primary);
    expect(await problemOf(primary.fence())).toBe("timed-out");
    expect(await primary.health()).toMatchObject(open);
    await letGo();
    expect(await write(world(), primary, "stayed-open")).toBe(true);
    await primary.fence();
    expect(await primary.health()).toMatchObject(fenced);
  });

  test("what was broken off while it opened is seen, and repeating mends it", async () => {
    const primary = await primaryOf(world());
    await primary.fence();
    const dying = await world().dyingBeforeKept(primary, "opens");
    await expect(dying.unfence()).rejects.toThrow("died");
    expect(await primary.health()).toMatchObject({ running: true, writable: true, bootsWritable: false });
    await primary.unfence();
    await primary.unfence();
    expect(await primary.health()).toMatchObject(open);
  });

  test("the migration account writes through the fence while it is allowed to, and nothing of that is logged", async () => {
    const primary = await primaryOf(world());
    await primary.fence();
    const early = await world().connect(primary, "migrate");
    expect(await early.write("too-early")).toBe(false);
    const position = await primary.position();
    await primary.allowMigration(true);
    await primary.allowMigration(true);
    expect(await primary.position()).toBe(position);
    const tool = await world().connect(primary, "migrate");
    expect([await tool.write("migrated"), await write(world(), primary, "by-app")]).toEqual([true, false]);
    await tool.begin();
    expect(await tool.write("half-migrated")).toBe(true);
    expect((await primary.blockers()).map(({ what }) => what)).toContain("transaction");
    await primary.allowMigration(false);
    await primary.allowMigration(false);
    expect([await tool.commit(), await tool.stands(), await early.stands()]).toEqual([false, false, false]);
    expect(await primary.blockers()).toEqual([]);
    expect(await write(world(), primary, "too-late", "migrate")).toBe(false);
    const keys = await keysOf(world(), primary);
    expect(keys).toContain("migrated");
    expect(keys).not.toContain("half-migrated");
  });

  test("each fence and each opening ends the migration's passage, also while the server is down", async () => {
    const primary = await primaryOf(world());
    const passes = () => write(world(), primary, `passed-${Math.random()}`, "migrate");
    await primary.fence();
    await primary.allowMigration(true);
    await world().kill(primary);
    expect(await passes()).toBe(true);
    await primary.fence();
    expect(await passes()).toBe(false);
    await primary.allowMigration(true);
    await primary.unfence();
    expect(await passes()).toBe(true);
    await primary.fence();
    expect(await passes()).toBe(false);
    await primary.allowMigration(true);
    await primary.stop();
    await primary.fence();
    await primary.start();
    expect(await passes()).toBe(false);
  });

  test("a server that was stopped can't be asked, and starts as it is kept on its disk", async () => {
    const primary = await primaryOf(world());
    await primary.stop();
    await primary.stop();
    expect(await primary.health()).toMatchObject({ ...open, running: false, writable: false });
    for (const [name, ask] of Object.entries(questions(primary, world().find))) {
      expect([name, await problemOf(ask())]).toEqual([name, "unreachable"]);
    }
    await primary.fence();
    expect(await primary.health()).toMatchObject({ running: false, bootsWritable: false });
    await primary.start();
    await primary.start();
    expect(await primary.health()).toMatchObject({ ...fenced, ...alone });
  });

  test("reading is all that a query for reading can do", async () => {
    const primary = await primaryOf(world());
    const keys = await keysOf(world(), primary);
    expect(keys.length).toBeGreaterThan(0);
    for (const sql of ["DROP TABLE entries", "DELETE FROM entries", "SELECT nonsense FROM nowhere"]) {
      expect([sql, await problemOf(primary.readColumn(sql))]).toEqual([sql, "step-failed"]);
    }
    expect(await keysOf(world(), primary)).toEqual(keys);
  });
}

const questions = (database: Database, find: string): Record<string, () => Promise<unknown>> => ({
  position: () => database.position(),
  readiness: () => database.readiness(1),
  transactionsSince: () => database.transactionsSince("0-1-1"),
  writesSince: () => database.writesSince("0-1-1"),
  renewAccounts: () => database.renewAccounts(),
  accountsOpenedBy: () => database.accountsOpenedBy((name) => name),
  bytes: () => database.bytes(),
  unfence: () => database.unfence(),
  promote: () => database.promote(),
  freeze: () => database.freeze(),
  follow: () => database.follow({ address: database.address, port: database.port }),
  awaitPosition: () => database.awaitPosition("0-1-1", 100),
  allowMigration: () => database.allowMigration(true),
  blockers: () => database.blockers(),
  backup: () => database.backup("while-down"),
  checksums: () => database.checksums(),
  schemaFingerprint: () => database.schemaFingerprint(),
  readSchema: () => database.readSchema(),
  watchTables: () => database.watchTables(true),
  touchedTables: () => database.touchedTables(),
  readColumn: () => database.readColumn(find),
});
