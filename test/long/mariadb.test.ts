/** What only MariaDB itself can show of its driver, beside the contract: statements that hang, left-overs, half copies. */
import { execFileSync } from "node:child_process";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createMariadb } from "../../src/drivers/mariadb/driver.ts";
import { pathsIn } from "../../src/drivers/mariadb/paths.ts";
import type { Database } from "../../src/model/database.ts";
import type { Host } from "../../src/model/host.ts";
import { systemClock } from "../../src/run/clock.ts";
import { connectAs, type Fleet, openFleet, secrets } from "../real/mariadb-fleet.ts";
import { shortName } from "../../src/drivers/mariadb/transfer.ts";

const limit = 60_000;
const readOnly = 1290;
let fleet: Fleet;

beforeEach(async () => {
  fleet = await openFleet("127.143.87");
});

afterEach(async () => {
  await fleet.close();
}, limit);

const table = "CREATE TABLE orders (id INT PRIMARY KEY, note VARCHAR(40) NOT NULL DEFAULT 'new')";
const keysOf = (database: Database) => database.readColumn("SELECT id FROM orders ORDER BY id");

/** The error number that the server gave, 0 when the statement went through. */
async function errorOf(work: Promise<unknown>): Promise<number> {
  return work.then(
    () => 0,
    (error: { errno?: number }) => error.errno ?? -1,
  );
}

/** A driver whose host never reaches either end of a copy, as if its control plane had died while it waited for one. */
function deaf(host: Host): Database {
  const bound = (target: Host, key: keyof Host) => {
    const held = target[key];
    return typeof held === "function" ? held.bind(target) : held;
  };
  const { socket } = pathsIn(host.directory);
  const dial: Host["dial"] = (to, timeoutMs) =>
    "unix" in to && to.unix === socket ? host.dial(to, timeoutMs) : new Promise<never>(() => {});
  const hearsNothing = new Proxy(host, {
    get: (target, key) => (key === "dial" ? dial : bound(target, key as keyof Host)),
  });
  return createMariadb(hearsNothing, systemClock, secrets);
}

test("the fence ends statements and locks that would never end, of the application and of its migration", {
  timeout: limit,
}, async () => {
  const { database } = await fleet.launchPrimary("primary");
  const slow = await connectAs(database, "app");
  await slow.query(table);
  const running = errorOf(slow.query("INSERT INTO orders (id) SELECT 2 + SLEEP(600)"));
  await database.fence();
  expect(await running).not.toBe(0);
  await database.allowMigration(true);
  const tool = await connectAs(database, "migrate");
  await tool.query("LOCK TABLES orders WRITE");
  await database.fence();
  expect(await errorOf(tool.query("INSERT INTO orders (id) VALUES (1)"))).not.toBe(0);
  expect(await keysOf(database)).toEqual([]);
});

test("what the migration account left behind does not write through the fence for anybody", {
  timeout: limit,
}, async () => {
  const { database } = await fleet.launchPrimary("primary");
  await (await connectAs(database, "app")).query(table);
  await database.fence();
  await database.allowMigration(true);
  const tool = await connectAs(database, "migrate");
  await tool.query("CREATE PROCEDURE sneak(k INT) INSERT INTO orders (id) VALUES (k)");
  await database.allowMigration(false);
  for (const role of ["app", "migrate"] as const) {
    const client = await connectAs(database, role);
    expect(await errorOf(client.query("CALL sneak(4)")), role).toBe(readOnly);
    await client.end();
  }
  expect(await keysOf(database)).toEqual([]);
});

test("a seed and a backup that were interrupted start over, and no password leaves the server's tables", {
  timeout: limit,
}, async () => {
  const { database: primary, host: source } = await fleet.launchPrimary("primary");
  await (await connectAs(primary, "app")).query(table);
  const { database: replica, host } = await fleet.launch("replica");
  // What a control plane leaves behind when it dies in the middle: both ends wait for somebody to connect them.
  void deaf(host)
    .seedFrom(deaf(source))
    .catch(() => {});
  const leftOver = async (where: Host, name: string) => (await where.readFile(`mariadb/attempts/${name}`)) ?? "none";
  const sends = `seed-to-replica-${shortName(host.directory)}`;
  const waits = async () => (await source.jobState(await leftOver(source, sends))).state;
  await expect.poll(waits, { timeout: 20_000, interval: 20 }).toBe("running");
  const [sender, receiver] = [await leftOver(source, sends), await leftOver(host, "seed-in")];
  expect((await replica.health()).running).toBe(false);
  await replica.seedFrom(primary);
  expect(await replica.awaitPosition(await primary.position(), 10_000)).toBe(true);
  for (const state of [await source.jobState(sender), await host.jobState(receiver)]) {
    expect(state).toMatchObject({ state: "done", cancelled: true });
  }
  // A try that was interrupted left half of its data and no manifest.
  await source.putFile("backups/u-1-first/data/ibdata1", "half");
  expect(await primary.backups()).toEqual([]);
  const { bytes } = await primary.backup("u-1-first");
  expect(bytes).toBeGreaterThan(1_000_000);
  const found = execFileSync("/bin/sh", ["-c", `grep -rlF --exclude-dir=data -e -5b1e "$0" || true`, fleet.directory]);
  expect(found.toString()).toBe("");
});

test("reading is all that a query for reading can do", { timeout: limit }, async () => {
  const { database } = await fleet.launchPrimary("primary");
  const client = await connectAs(database, "app");
  await client.query(table);
  await client.query("INSERT INTO orders (id) SELECT seq FROM seq_1_to_100000");
  const keys = await keysOf(database);
  expect([keys.length, keys[0], keys.at(-1)]).toEqual([100_000, "1", "100000"]);
  expect(await database.readColumn("SELECT 1.10, 2 UNION SELECT 18446744073709551615, 3")).toEqual([
    "1.10",
    "18446744073709551615.00",
  ]);
  await expect(database.readColumn("DROP TABLE orders")).rejects.toThrow(/READ ONLY/);
  await expect(database.readColumn("DELETE FROM orders")).rejects.toThrow(/READ ONLY/);
  await expect(database.readColumn("SELECT User FROM mysql.user")).rejects.toThrow(/denied/);
});
