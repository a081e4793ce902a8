/** What is read of real databases before an upgrade: who holds a transaction, who is late by position, what is there. */
import { statfsSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import type mysql from "mysql2/promise";
import { pathsIn } from "../../src/drivers/mariadb/paths.ts";
import type { Database } from "../../src/model/database.ts";
import type { World } from "../../src/model/world.ts";
import { readInventory } from "../../src/observe/inventory.ts";
import { readReadiness } from "../../src/observe/readiness.ts";
import { systemClock } from "../../src/run/clock.ts";
import { connectAs, type Fleet, type Launched, openFleet } from "./mariadb-fleet.ts";

let fleet: Fleet;
let primary: Launched;
let replica: Launched;
let client: mysql.Connection;

beforeAll(async () => {
  fleet = await openFleet("127.143.88");
  primary = await fleet.launchPrimary("primary");
  client = await connectAs(primary.database, "app");
  await client.query("CREATE TABLE orders (id INT PRIMARY KEY, note VARCHAR(40) NOT NULL DEFAULT 'new')");
  replica = await fleet.launch("replica");
  await replica.database.seedFrom(primary.database);
}, 60_000);

afterAll(() => fleet.close(), 60_000);

/** As much of a world as is asked here. */
function look(withinMs: number) {
  const known: Record<string, Database> = { primary: primary.database, replica: replica.database };
  const world = {
    environment: "test",
    clock: systemClock,
    provider: fleet.provider,
    database: async (name: string) => known[name],
  } as unknown as World;
  const asked = { primary: "primary", replicas: ["replica"], longSeconds: 1, withinMs };
  return readInventory(world).then((seen) => readReadiness(world, seen, asked));
}

test("sizes, appliers and the disk are what they are", async () => {
  const { databases, sync } = await look(5_000);
  expect(Object.keys(databases).sort()).toEqual(["primary", "replica"]);
  for (const seen of Object.values(databases)) {
    expect(seen.longTransactions).toEqual([]);
    expect(seen.applierThreads).toBe(4);
    expect(seen.dataBytes).toBeGreaterThan(10_000_000);
    expect(seen.dataBytes).toBeLessThan(1_000_000_000);
    const { bsize, bavail } = statfsSync(fleet.directory);
    expect(Math.abs(seen.disk.freeBytes - bsize * bavail)).toBeLessThan(2_000_000_000);
  }
  expect(databases.primary?.disk.fileSystem).toBe(databases.replica?.disk.fileSystem);
  expect(databases.primary?.binlogBytes).toBeGreaterThan(300);
  expect(sync.replica).toMatchObject({ position: await primary.database.position(), reached: true, error: null });
});

test("transactions that stay open are named with their user and their age, and never with what was said in them", async () => {
  const [idle, slow, young] = await Promise.all([1, 2, 3].map(() => connectAs(primary.database, "app")));
  if (!idle || !slow || !young) throw new Error("not connected");
  await idle.beginTransaction();
  await idle.query("INSERT INTO orders (id, note) VALUES (1, 'a secret of ours')");
  const running = slow.query("SELECT 'a secret of ours', SLEEP(20)").catch(() => {});
  await new Promise((resolve) => setTimeout(resolve, 2_100));
  await young.beginTransaction();
  await young.query("INSERT INTO orders (id) VALUES (2)");
  const { databases } = await look(1_000);
  const open = databases.primary?.longTransactions ?? [];
  expect(open.map(({ user, detail }) => `${user}: ${detail.replace(/\d+ from [^,]+/, "… from …")}`).sort()).toEqual([
    "shop: connection … from …, Query, no transaction",
    "shop: connection … from …, Sleep, 1 rows changed",
  ]);
  for (const { seconds } of open) expect(seconds).toBeGreaterThanOrEqual(1);
  expect(JSON.stringify(databases)).not.toContain("secret");
  // Seen on the server they are open on, and nowhere else.
  expect(databases.replica?.longTransactions).toEqual([]);
  await idle.rollback();
  await young.rollback();
  for (const one of [idle, slow, young]) one.destroy();
  await running;
});

/** As the server's administrator, which is who runs this. */
async function tell({ host }: Launched, sql: string): Promise<void> {
  const command = `mariadb --no-defaults --socket='${pathsIn(host.directory).socket}' --execute='${sql}'`;
  const { code, stderr } = await host.exec(command, { timeoutMs: 10_000 });
  expect(code, stderr).toBe(0);
}

test("a replica that applies late, or not at all, is not in sync, whatever its seconds say", async () => {
  await tell(replica, "STOP SLAVE; CHANGE MASTER TO MASTER_DELAY=600; START SLAVE");
  await client.query("INSERT INTO orders (id) VALUES (3)");
  const late = await look(1_000);
  expect(late.sync.replica).toMatchObject({ reached: false, withinMs: 1_000, error: null });
  await tell(replica, "STOP SLAVE; CHANGE MASTER TO MASTER_DELAY=0; START SLAVE");
  expect((await look(10_000)).sync.replica).toMatchObject({ reached: true });

  await tell(replica, "STOP SLAVE SQL_THREAD; SET GLOBAL slave_parallel_threads=0");
  await client.query("INSERT INTO orders (id) VALUES (4)");
  const stopped = await look(1_000);
  expect(stopped.sync.replica).toMatchObject({ reached: false, error: null });
  expect(stopped.databases.replica?.applierThreads).toBe(0);
  await tell(replica, "START SLAVE SQL_THREAD");
  expect((await look(10_000)).sync.replica).toMatchObject({ reached: true });

  // A row that is here already: the applier fails for good, which is told at once and not at the limit.
  await tell(
    replica,
    "SET GLOBAL read_only=0; SET sql_log_bin=0; INSERT INTO shop_live.orders (id) VALUES (5); SET GLOBAL read_only=1",
  );
  await client.query("INSERT INTO orders (id) VALUES (5)");
  const before = Date.now();
  const parted = await look(60_000);
  expect(parted.sync.replica).toMatchObject({ reached: false, error: expect.stringContaining("Duplicate entry") });
  expect(Date.now() - before).toBeLessThan(30_000);
});
