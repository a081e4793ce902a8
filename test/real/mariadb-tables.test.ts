/** What a real server says of tables, views and columns of every kind, and which uses of a table it counts. */
import type mysql from "mysql2/promise";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { TouchedTable } from "../../src/model/schema-change.ts";
import { compareSchemas } from "../../src/model/schema-change.ts";
import { connectAs, type Fleet, type Launched, openFleet } from "./mariadb-fleet.ts";

const limit = 60_000;
let fleet: Fleet;
let primary: Launched;
let client: mysql.Connection;

beforeAll(async () => {
  fleet = await openFleet("127.152.42");
  primary = await fleet.launchPrimary("primary");
  client = await connectAs(primary.database, "app");
  await client.query(
    "CREATE TABLE orders (id INT AUTO_INCREMENT PRIMARY KEY, cents INT, state VARCHAR(9) NOT NULL DEFAULT 'NULL'," +
      " note TEXT NOT NULL, double_cents INT AS (cents * 2) STORED, at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, KEY (cents))",
  );
  await client.query("CREATE TABLE customers (id INT PRIMARY KEY)");
  await client.query(
    "CREATE TABLE parcels (id INT PRIMARY KEY, of_order INT, FOREIGN KEY (of_order) REFERENCES orders (id))",
  );
  await client.query("CREATE TABLE audit (id INT)");
  await client.query("CREATE TRIGGER noted AFTER INSERT ON orders FOR EACH ROW INSERT INTO audit VALUES (NEW.id)");
  await client.query("CREATE VIEW dear AS SELECT id, note FROM orders WHERE cents > 10000");
}, limit);

afterAll(async () => {
  client?.destroy();
  await fleet.close();
}, limit);

test("columns tell their type, whether they may be null, and whether a row may leave them out", async () => {
  const schema = await primary.database.readSchema();
  expect(schema.map(({ table, view }) => [table, view])).toEqual([
    ["audit", false],
    ["customers", false],
    ["dear", true],
    ["orders", false],
    ["parcels", false],
  ]);
  const column = (name: string, type: string, nullable: boolean, hasDefault: boolean) => ({
    column: name,
    type,
    nullable,
    hasDefault,
  });
  expect(schema.find(({ table }) => table === "orders")?.columns).toEqual([
    column("at", "timestamp", false, true),
    column("cents", "int(11)", true, false),
    column("double_cents", "int(11) generated", true, true),
    column("id", "int(11)", false, true),
    column("note", "text", false, false),
    column("state", "varchar(9)", false, true),
  ]);
});

test("each kind of change is told for what it is", { timeout: limit }, async () => {
  const { database } = primary;
  await client.query("CREATE TABLE changing (id INT PRIMARY KEY, a INT, b VARCHAR(9) NOT NULL DEFAULT 'b', c INT)");
  const before = await database.readSchema();
  for (const [sql, wanted] of [
    ["ADD note TEXT", { added: ["changing.note"] }],
    ["ADD must TEXT NOT NULL", { breaking: ["new column changing.must must be given"] }],
    ["ADD day DATE NOT NULL DEFAULT '2001-01-01'", { added: ["changing.day"] }],
    ["RENAME COLUMN c TO d", { breaking: ["column changing.c is gone"], added: ["changing.d"] }],
    ["MODIFY a BIGINT", { changed: ["type of changing.a: int(11) → bigint(20)"] }],
    ["MODIFY a INT NOT NULL", { breaking: ["column changing.a must now be given"] }],
    [
      "MODIFY a INT NOT NULL DEFAULT 0",
      { changed: ["changing.a takes no null any more", "changing.a has a default now"] },
    ],
    ["ALTER b DROP DEFAULT", { breaking: ["column changing.b must now be given"] }],
    ["ADD KEY (a)", { tables: [] }],
    ["ADD UNIQUE (a, b)", { changed: ["changing now has unique (a, b)"] }],
    ["ADD UNIQUE (b(3))", { changed: ["changing now has unique (b(3))"] }],
    ["ADD email TEXT, ADD UNIQUE (email(20)), ADD CHECK (email <> '')", { added: ["changing.email"] }],
    ["ADD CHECK (a > 0)", { changed: ["changing now has check (`a` > 0)"] }],
    ["DROP PRIMARY KEY", { changed: ["changing no longer has primary key (id)"] }],
    [
      "ADD FOREIGN KEY (a) REFERENCES customers (id) ON DELETE CASCADE",
      { changed: ["changing now has foreign key (a) → customers (id) on update RESTRICT on delete CASCADE"] },
    ],
  ] as const) {
    await client.query("CREATE OR REPLACE TABLE kept LIKE changing");
    await client.query(`ALTER TABLE changing ${sql}`);
    const after = (await database.readSchema()).filter(({ table }) => table !== "kept");
    const nothing = { added: [], breaking: [], changed: [], tables: ["changing"] };
    expect(compareSchemas(before, after), sql).toEqual({ ...nothing, ...wanted });
    await client.query("CREATE OR REPLACE TABLE changing LIKE kept");
    await client.query("DROP TABLE kept");
  }
  expect(compareSchemas(before, await database.readSchema()).tables).toEqual([]);
  await client.query("CREATE TRIGGER checked BEFORE UPDATE ON changing FOR EACH ROW SET NEW.b = 'c'");
  const { changed } = compareSchemas(before, await database.readSchema());
  expect(changed).toEqual(["changing now has a trigger before update"]);
  await client.query("DROP TABLE changing");
  expect(compareSchemas(before, await database.readSchema()).breaking).toEqual(["table changing is gone"]);
});

test("what counts as a use: statements that have ended, through views and triggers; not what finds nothing", {
  timeout: limit,
}, async () => {
  const { database } = primary;
  const used = async (work: () => Promise<unknown>): Promise<TouchedTable[]> => {
    await database.watchTables(true);
    await work();
    return database.touchedTables();
  };
  const by = (sql: string) => used(() => client.query(sql));
  const touched = (table: string, rowsRead: number, rowsChanged: number) => ({ table, rowsRead, rowsChanged });
  expect(await by("INSERT INTO orders (cents, note) VALUES (1, 'a'), (20000, 'b')")).toEqual([
    touched("audit", 0, 2),
    touched("orders", 0, 2),
  ]);
  expect(await by("SELECT * FROM dear")).toEqual([touched("orders", expect.any(Number), 0)]);
  // The foreign key looks at orders, which nobody counts.
  expect(await by("INSERT INTO parcels VALUES (1, 1)")).toEqual([touched("parcels", 0, 1)]);
  expect(await by("SELECT * FROM customers")).toEqual([]);
  expect(await by("SELECT * FROM orders WHERE id = 99")).toEqual([]);
  expect(await by("SHOW COLUMNS FROM orders")).toEqual([]);
  expect(await by("SELECT * FROM information_schema.COLUMNS")).toEqual([]);
  const [prepared, values] = ["SELECT note FROM orders WHERE id = ?", [1]];
  expect(await used(() => client.execute(prepared, values))).toEqual([touched("orders", 1, 0)]);
  const cutOff = await connectAs(database, "app");
  await cutOff.beginTransaction();
  expect(await used(() => cutOff.query("INSERT INTO customers VALUES (1)"))).toEqual([touched("customers", 0, 1)]);
  cutOff.destroy();
  await database.watchTables(false);
});
