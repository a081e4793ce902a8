/** MariaDB's fence over time: what the next boot does, after any half-done change, and who writes through it for how long. */
import mysql from "mysql2/promise";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createMariadb } from "../../src/drivers/mariadb/driver.ts";
import { pathsIn } from "../../src/drivers/mariadb/paths.ts";
import type { Database } from "../../src/model/database.ts";
import type { Host } from "../../src/model/host.ts";
import { systemClock } from "../../src/run/clock.ts";
import { connectAs, type Fleet, type Launched, openFleet, secrets } from "./mariadb-fleet.ts";

const limit = 60_000;
const readOnly = 1290;
let fleet: Fleet;

beforeEach(async () => {
  fleet = await openFleet("127.151.63");
});

afterEach(async () => {
  await fleet.close();
}, limit);

const errorOf = (work: Promise<unknown>) =>
  work.then(
    () => ({ errno: 0 }),
    (error: { errno?: number }) => error,
  );
const keysOf = (database: Database) => database.readColumn("SELECT id FROM orders ORDER BY id");

async function makeOrders(database: Database): Promise<void> {
  const client = await connectAs(database, "app");
  await client.query("CREATE TABLE orders (id INT PRIMARY KEY)");
  await client.end();
}

/** As after a crash of its machine: nothing is asked, it starts as its files say. */
async function restart({ host, database }: Launched): Promise<void> {
  const before = await host.serviceState("mariadb");
  process.kill(before.pid as number, "SIGKILL");
  const restarts = async () => (await host.serviceState("mariadb")).restarts;
  await expect.poll(restarts, { timeout: 10_000 }).toBeGreaterThan(before.restarts);
  await expect.poll(async () => (await database.health()).running, { timeout: 20_000 }).toBe(true);
}

/** A driver whose control plane dies at the moment when it would say on disk that the server opens or follows. */
function dyingBefore(host: Host, line: string): Database {
  const putFile: Host["putFile"] = async (path, content, mode) => {
    if (path.endsWith("state.cnf") && content.toString().includes(line)) throw new Error("died");
    await host.putFile(path, content, mode);
  };
  const mortal = new Proxy(host, {
    get: (target, key) => {
      if (key === "putFile") return putFile;
      const held = Reflect.get(target, key);
      return typeof held === "function" ? held.bind(target) : held;
    },
  });
  return createMariadb(mortal, systemClock, secrets);
}

test("a fence that gives up says what holds it, and leaves a server that is open after its next boot as well", {
  timeout: limit,
}, async () => {
  const primary = await fleet.launchPrimary("primary");
  const { database, host } = primary;
  await makeOrders(database);
  // Ours by its account, so the fence may not cut it: a person at the server's own console.
  const user = (await host.exec("id -un", { timeoutMs: 10_000 })).stdout.trim();
  const socketPath = pathsIn(host.directory).socket;
  const person = await mysql.createConnection({ user, socketPath, database: "shop_live" });
  await person.query("LOCK TABLES orders WRITE");
  await expect(database.fence()).rejects.toMatchObject({ kind: "timed-out" });
  expect(await database.health()).toMatchObject({ writable: true, bootsWritable: true });
  await person.end();
  await restart(primary);
  await (await connectAs(database, "app")).query("INSERT INTO orders (id) VALUES (1)");
  await database.fence();
  expect(await database.health()).toMatchObject({ writable: false, bootsWritable: false });
});

test("a control plane that died while it opened a server is seen in the server's health, and repeating mends it", {
  timeout: limit,
}, async () => {
  const primary = await fleet.launchPrimary("primary");
  const { database, host } = primary;
  await makeOrders(database);
  await database.fence();
  await expect(dyingBefore(host, "read-only=OFF").unfence()).rejects.toThrow("died");
  expect(await database.health()).toMatchObject({ writable: true, bootsWritable: false });
  await database.unfence();
  expect(await database.health()).toMatchObject({ writable: true, bootsWritable: true });
  const standby = await fleet.launch("standby");
  await standby.database.seedFrom(database);
  await database.fence();
  await standby.database.freeze();
  await expect(dyingBefore(standby.host, "read-only=OFF").promote()).rejects.toThrow("died");
  expect(await standby.database.health()).toMatchObject({ writable: true, bootsWritable: false });
  await standby.database.promote();
  await restart(standby);
  expect(await standby.database.health()).toMatchObject({ writable: true, bootsWritable: true });
});

test("a replica whose following was never kept is seen, and follows after its next boot once it is asked again", {
  timeout: limit,
}, async () => {
  const { database: primary } = await fleet.launchPrimary("primary");
  await makeOrders(primary);
  const replica = await fleet.launch("replica");
  await replica.database.seedFrom(primary);
  await replica.database.freeze();
  await expect(dyingBefore(replica.host, "skip-slave-start=0").follow(primary)).rejects.toThrow("died");
  expect(await replica.database.health()).toMatchObject({ following: primary.address, bootsFollowing: false });
  await replica.database.follow(primary);
  expect(await replica.database.health()).toMatchObject({ following: primary.address, bootsFollowing: true });
  await restart(replica);
  await (await connectAs(primary, "app")).query("INSERT INTO orders (id) VALUES (1)");
  expect(await replica.database.awaitPosition(await primary.position(), 10_000)).toBe(true);
  expect(await keysOf(replica.database)).toEqual(["1"]);
  await replica.database.stop();
  expect(await replica.database.health()).toMatchObject({ running: false, bootsFollowing: true, bootsWritable: false });
});

test("the migration account writes through the fence only while it is allowed to, also by what it left behind", {
  timeout: limit,
}, async () => {
  const { database: primary } = await fleet.launchPrimary("primary");
  await makeOrders(primary);
  const { database: replica } = await fleet.launch("replica");
  await replica.seedFrom(primary);
  await primary.fence();
  const position = await primary.position();
  const early = await connectAs(primary, "migrate");
  expect(await errorOf(early.query("INSERT INTO orders (id) VALUES (1)"))).toMatchObject({ errno: readOnly });
  await primary.allowMigration(true);
  await primary.allowMigration(true);
  expect(await primary.position(), "the grant is not logged").toBe(position);
  const tool = await connectAs(primary, "migrate");
  expect(await primary.blockers()).toContainEqual({
    what: "connection",
    detail: expect.stringContaining("shop_migrate"),
  });
  await tool.query("CREATE PROCEDURE sneak(k INT) INSERT INTO orders (id) VALUES (k)");
  await tool.query("INSERT INTO orders (id) VALUES (2)");
  // A tool that hangs in the middle of a transaction.
  await tool.beginTransaction();
  await tool.query("INSERT INTO orders (id) VALUES (3)");
  const backup = await primary.backup("u-1-during");
  await primary.allowMigration(false);
  await primary.allowMigration(false);
  expect(await errorOf(tool.query("COMMIT")), "its connection is cut").not.toEqual({ errno: 0 });
  expect(await primary.blockers()).toEqual([]);
  for (const role of ["app", "migrate"] as const) {
    const client = await connectAs(primary, role);
    expect(await errorOf(client.query("CALL sneak(4)")), role).toMatchObject({ errno: readOnly });
    await client.end();
  }
  expect(await keysOf(primary)).toEqual(["2"]);
  expect(await replica.awaitPosition(await primary.position(), 10_000)).toBe(true);
  const { database: spare } = await fleet.launch("spare");
  await spare.restore(primary, backup.id);
  for (const copy of [replica, spare]) {
    const client = await connectAs(copy, "migrate");
    expect(await errorOf(client.query("INSERT INTO orders (id) VALUES (5)")), copy.name).toMatchObject({
      errno: readOnly,
    });
  }
});

test("a fence ends the migration as well: who connects after it only reads", { timeout: limit }, async () => {
  const { database } = await fleet.launchPrimary("primary");
  await makeOrders(database);
  await database.fence();
  await database.allowMigration(true);
  const tool = await connectAs(database, "migrate");
  await tool.query("LOCK TABLES orders WRITE");
  await database.fence();
  expect(await errorOf(tool.query("INSERT INTO orders (id) VALUES (1)"))).not.toEqual({ errno: 0 });
  const late = await connectAs(database, "migrate");
  expect(await errorOf(late.query("INSERT INTO orders (id) VALUES (2)"))).toMatchObject({ errno: readOnly });
  expect(await keysOf(database)).toEqual([]);
});
