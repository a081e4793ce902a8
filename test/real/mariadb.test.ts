/** The MariaDB driver on real servers: copies, fence, way back, backups, and what it must refuse. */
import { execFileSync } from "node:child_process";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createMariadb } from "../../src/drivers/mariadb/driver.ts";
import type { Database } from "../../src/model/database.ts";
import type { Host } from "../../src/model/host.ts";
import { Problem } from "../../src/model/problem.ts";
import { systemClock } from "../../src/run/clock.ts";
import { connectAs, type Fleet, openFleet, secrets, writeAlong } from "./mariadb-fleet.ts";

const limit = 60_000;
let fleet: Fleet;

beforeEach(async () => {
  fleet = await openFleet("127.143.87");
});

afterEach(async () => {
  await fleet.close();
}, limit);

const table = "CREATE TABLE orders (id INT PRIMARY KEY, note VARCHAR(40) NOT NULL DEFAULT 'new')";
const keysOf = (database: Database) => database.readColumn("SELECT id FROM orders ORDER BY id");
const asText = (keys: number[]) => keys.map(String);

async function problemOf(work: Promise<unknown>): Promise<Problem> {
  const thrown = await work.then(
    () => null,
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(Problem);
  return thrown as Problem;
}

/** The error number that the server gave, 0 when the statement went through. */
async function errorOf(work: Promise<unknown>): Promise<number> {
  return work.then(
    () => 0,
    (error: { errno?: number }) => error.errno ?? -1,
  );
}

/** A driver whose host never opens a connection, as if its control plane had died while it waited for one. */
function deaf(host: Host): Database {
  const bound = (target: Host, key: keyof Host) => {
    const held = target[key];
    return typeof held === "function" ? held.bind(target) : held;
  };
  const never = () => new Promise<never>(() => {});
  const hearsNothing = new Proxy(host, {
    get: (target, key) => (key === "dial" ? never : bound(target, key as keyof Host)),
  });
  return createMariadb(hearsNothing, systemClock, secrets);
}

test("a replica is seeded while its source takes writes, and ends up the same, row for row", {
  timeout: limit,
}, async () => {
  const { database: primary } = await fleet.launchPrimary("primary");
  const client = await connectAs(primary, "app");
  await client.query(table);
  const writer = writeAlong(client, "orders");
  const { database: replica } = await fleet.launch("replica");
  await replica.seedFrom(primary);
  const acknowledged = await writer.stop();
  expect(acknowledged.length).toBeGreaterThan(10);
  expect(await replica.health()).toMatchObject({ following: primary.address, replicating: true, writable: false });
  await primary.fence();
  const position = await primary.position();
  expect(await replica.awaitPosition(position, 10_000)).toBe(true);
  expect(await replica.position()).toBe(position);
  expect(await replica.checksums()).toEqual(await primary.checksums());
  expect(await keysOf(replica)).toEqual(asText(acknowledged));
  // Neither the accounts nor the position came to harm by asking again.
  await replica.seedFrom(primary);
  await primary.create({ name: "shop_live", user: "shop", port: 3306 }, 1);
  expect(await primary.position()).toBe(position);
});

test("the fence stops an application in mid transaction and outlives the server's death", {
  timeout: limit,
}, async () => {
  const { database, host } = await fleet.launchPrimary("primary");
  const [writer, half, slow] = [
    await connectAs(database, "app"),
    await connectAs(database, "app"),
    await connectAs(database, "app"),
  ];
  await writer.query(table);
  await half.beginTransaction();
  await half.query("INSERT INTO orders (id) VALUES (1)");
  expect(await database.blockers()).toContainEqual(expect.objectContaining({ what: "transaction" }));
  const running = errorOf(slow.query("INSERT INTO orders (id) SELECT 2 + SLEEP(600)"));
  await database.fence();
  expect(await running).not.toBe(0);
  expect(await errorOf(half.commit())).not.toBe(0);
  expect(await database.blockers()).toEqual([]);
  const before = await host.serviceState("mariadb");
  process.kill(before.pid as number, "SIGKILL");
  await expect
    .poll(async () => (await host.serviceState("mariadb")).restarts, { timeout: 10_000 })
    .toBeGreaterThan(before.restarts);
  await database.start();
  expect(await database.health()).toMatchObject({ running: true, writable: false });
  const late = await connectAs(database, "app");
  expect(await errorOf(late.query("INSERT INTO orders (id) VALUES (3)"))).toBe(1290);
  // The one account that may, once it is allowed to.
  await database.allowMigration(true);
  const migrate = await connectAs(database, "migrate");
  await migrate.query("ALTER TABLE orders ADD channel VARCHAR(10) NOT NULL DEFAULT 'web'");
  await migrate.query("INSERT INTO orders (id) VALUES (4)");
  expect(await keysOf(database)).toEqual(["4"]);
  await database.unfence();
  await (await connectAs(database, "app")).query("INSERT INTO orders (id) VALUES (5)");
  expect(await database.health()).toMatchObject({ writable: true });
});

test("after a failed migration the frozen standby becomes the only primary, with the data of before", {
  timeout: limit,
}, async () => {
  const { database: blue } = await fleet.launchPrimary("blue");
  const client = await connectAs(blue, "app");
  await client.query(table);
  await client.query("INSERT INTO orders (id) VALUES (1), (2), (3)");
  const { database: standby } = await fleet.launch("standby");
  await standby.seedFrom(blue);
  await blue.fence();
  const [position, sums, schema] = [await blue.position(), await blue.checksums(), await blue.schemaFingerprint()];
  expect(await standby.awaitPosition(position, 10_000)).toBe(true);
  await standby.freeze();
  await standby.freeze();
  await blue.allowMigration(true);
  const migrate = await connectAs(blue, "migrate");
  await migrate.query("ALTER TABLE orders DROP COLUMN note");
  await migrate.query("DELETE FROM orders WHERE id = 2");
  expect(await standby.health()).toMatchObject({ following: null, replicating: false, writable: false });
  expect(await standby.position()).toBe(position);
  expect(await blue.schemaFingerprint()).not.toBe(schema);
  await standby.promote();
  await standby.promote();
  expect([(await standby.health()).writable, (await blue.health()).writable]).toEqual([true, false]);
  expect(await standby.checksums()).toEqual(sums);
  expect(await standby.schemaFingerprint()).toBe(schema);
  await (await connectAs(standby, "app")).query("INSERT INTO orders (id) VALUES (4)");
  // Blue's migration is in nobody else's history.
  const refusal = await problemOf(blue.follow(standby));
  expect(refusal.kind).toBe("refused");
  expect(refusal.text.why).toMatch(/binlog/);
  expect(await blue.health()).toMatchObject({ following: null, writable: false });
  await blue.seedFrom(standby);
  expect(await blue.awaitPosition(await standby.position(), 10_000)).toBe(true);
  expect(await keysOf(blue)).toEqual(["1", "2", "3", "4"]);
});

test("after a planned switch the old primary follows the new one, and goes on after it died", {
  timeout: limit,
}, async () => {
  const { database: old, host } = await fleet.launchPrimary("old");
  await (await connectAs(old, "app")).query(table);
  const { database: next } = await fleet.launch("next");
  await next.seedFrom(old);
  await expect(old.follow(next)).rejects.toThrow(/takes writes/);
  await expect(next.unfence()).rejects.toThrow(/follows/);
  await old.fence();
  expect(await next.awaitPosition(await old.position(), 10_000)).toBe(true);
  await next.promote();
  await old.follow(next);
  const client = await connectAs(next, "app");
  await client.query("INSERT INTO orders (id) VALUES (1)");
  const { pid } = await host.serviceState("mariadb");
  process.kill(pid as number, "SIGKILL");
  await client.query("INSERT INTO orders (id) VALUES (2)");
  await old.start();
  expect(await old.awaitPosition(await next.position(), 10_000)).toBe(true);
  expect(await old.position()).toBe(await next.position());
  expect(await keysOf(old)).toEqual(["1", "2"]);
  expect(await old.health()).toMatchObject({ replicating: true, writable: false });
});

test("a backup is started on a spare server and holds exactly what it says", { timeout: limit }, async () => {
  const { database: primary, host } = await fleet.launchPrimary("primary");
  const client = await connectAs(primary, "app");
  await client.query(table);
  await client.query("INSERT INTO orders (id) VALUES (1), (2)");
  // A try that was interrupted left half of its data and no manifest.
  await host.putFile("backups/u-1-first/data/ibdata1", "half");
  await primary.fence();
  const backup = await primary.backup("u-1-first");
  expect(backup.position).toBe(await primary.position());
  const sums = await primary.checksums();
  await primary.unfence();
  await client.end();
  await (await connectAs(primary, "app")).query("INSERT INTO orders (id) VALUES (3)");
  expect(await primary.backup("u-1-first")).toEqual(backup);
  expect(await primary.backups()).toEqual([backup]);
  const { database: spare, host: spareHost } = await fleet.launch("spare");
  await spare.restore(primary, "u-1-first");
  await spare.restore(primary, "u-1-first");
  expect(await spare.health()).toMatchObject({ running: true, writable: false, following: null });
  expect(await spare.position()).toBe(backup.position);
  expect(await spare.checksums()).toEqual(sums);
  expect(await spare.schemaFingerprint()).toBe(await primary.schemaFingerprint());
  // What a copy brings along opens it until its accounts are renewed, which no position shows.
  const ours = ["shop", "shop_migrate", "changeover_repl"];
  const others = (name: string): string => `another'-${name}`;
  expect(await spare.accountsOpenedBy(secrets)).toEqual(ours);
  const renewed = createMariadb(spareHost, systemClock, others);
  await renewed.renewAccounts();
  await renewed.renewAccounts();
  expect(await spare.accountsOpenedBy(secrets)).toEqual([]);
  expect(await spare.accountsOpenedBy(others)).toEqual(ours);
  expect(await primary.accountsOpenedBy(secrets)).toEqual(ours);
  expect([await spare.position(), (await spare.health()).writable]).toEqual([backup.position, false]);
  expect(await spare.bytes()).toBeGreaterThan(1_000);
  await primary.removeBackup("u-1-first");
  await primary.removeBackup("u-1-first");
  expect(await primary.backups()).toEqual([]);
  expect((await problemOf(spare.restore(primary, "u-1-first"))).kind).toBe("not-found");
});

test("a seed that was interrupted starts over, and no password leaves the server's tables", {
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
  const waits = async () => (await source.jobState(await leftOver(source, "seed-to-replica"))).state;
  await expect.poll(waits, { timeout: 20_000, interval: 20 }).toBe("running");
  const [sender, receiver] = [await leftOver(source, "seed-to-replica"), await leftOver(host, "seed-in")];
  expect((await replica.health()).running).toBe(false);
  await replica.seedFrom(primary);
  expect(await replica.awaitPosition(await primary.position(), 10_000)).toBe(true);
  for (const state of [await source.jobState(sender), await host.jobState(receiver)]) {
    expect(state).toMatchObject({ state: "done", cancelled: true });
  }
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
