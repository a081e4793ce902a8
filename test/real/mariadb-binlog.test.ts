/** What was written since a position, read from a real server's binary log while clients write, and what a purge does to it. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { waitFor } from "../../src/model/clock.ts";
import type { WriteEvent } from "../../src/model/row-events.ts";
import { systemClock } from "../../src/run/clock.ts";
import { connectAs, type Fleet, type Launched, openFleet, writeAlong } from "./mariadb-fleet.ts";

const limit = 60_000;
let fleet: Fleet;
let primary: Launched;

beforeAll(async () => {
  fleet = await openFleet("127.152.41");
  primary = await fleet.launchPrimary("primary");
}, limit);

afterAll(async () => {
  await fleet.close();
}, limit);

test("exactly what was acknowledged is counted and told, also by two who read at once while others write", {
  timeout: limit,
}, async () => {
  const { database } = primary;
  const client = await connectAs(database, "app");
  await client.query("CREATE TABLE orders (id INT PRIMARY KEY, note TEXT)");
  await client.query("INSERT INTO orders VALUES (-1, 'before')");
  const since = await database.position();
  expect(await database.writesSince(since)).toEqual({ from: since, upTo: since, tables: [], statements: 0 });

  const writer = writeAlong(client, "orders");
  const busy = await Promise.all([database.writesSince(since), database.writesSince(since)]);
  const acknowledged = await writer.stop();
  for (const { tables } of busy) expect(tables[0]?.inserted ?? 0).toBeLessThanOrEqual(acknowledged.length);
  await client.query("UPDATE orders SET note = ? WHERE id = -1", ["it's\n'quoted' \\ ünïcode"]);
  await client.query("INSERT INTO orders VALUES (-2, 'x')");
  await client.query("DELETE FROM orders WHERE id = -2");
  await database.fence();

  const told: WriteEvent[] = [];
  const writes = await database.writesSince(since, async (event) => void told.push(event));
  const { length } = acknowledged;
  expect(writes).toEqual({
    from: since,
    upTo: await database.position(),
    tables: [{ table: "orders", inserted: length + 1, updated: 1, deleted: 1, net: length + 1 }],
    statements: 0,
  });
  const rows = told.filter((event) => event.event !== "statement");
  const inserted = rows.filter(({ event }) => event === "insert").map(({ key }) => Number(key?.id));
  expect(inserted).toEqual([...acknowledged, -2]);
  expect(rows.find(({ event }) => event === "update")).toMatchObject({
    before: { id: "-1", note: "before" },
    after: { id: "-1", note: "it's\n'quoted' \\ ünïcode" },
  });
  expect(await database.blockers(), "readers leave nothing behind").toEqual([]);
  await database.unfence();
});

test("a log that was purged, and a position of another history, are problems and never a count", {
  timeout: limit,
}, async () => {
  const { database, host } = primary;
  const since = await database.position();
  const client = await connectAs(database, "app");
  await client.query("INSERT INTO orders VALUES (-3, 'lost')");
  const sql = "FLUSH BINARY LOGS; INSERT INTO shop_live.orders VALUES (-4, 'kept'); FLUSH BINARY LOGS";
  const ask = async (statements: string): Promise<string> => {
    const line = `mariadb --no-defaults --socket=mariadb/sql.sock -Ne "${statements}"`;
    const { code, stdout, stderr } = await host.exec(line, { timeoutMs: 20_000 });
    expect(code, stderr).toBe(0);
    return stdout;
  };
  await ask(sql);
  // A log that the engine has not let go of yet is left there without a word.
  const gone = await waitFor(systemClock, { withinMs: 20_000, everyMs: 100 }, async () => {
    const logs = await ask("PURGE BINARY LOGS BEFORE NOW() + INTERVAL 1 HOUR; SHOW BINARY LOGS");
    return logs.trim().split("\n").length === 1;
  });
  expect(gone).toBe(true);
  await expect(database.writesSince(since)).rejects.toMatchObject({
    kind: "refused",
    text: { what: expect.stringContaining("can't be counted"), why: expect.stringContaining("purged") },
  });
  await expect(database.writesSince("0-1-999999")).rejects.toMatchObject({
    kind: "refused",
    text: { why: expect.stringContaining("does not know that position") },
  });
  await expect(database.writesSince("")).rejects.toMatchObject({ kind: "refused" });
  const now = await database.position();
  await client.query("INSERT INTO orders VALUES (-5, 'counted')");
  expect((await database.writesSince(now)).tables).toMatchObject([{ table: "orders", inserted: 1 }]);
});
