/** The contract's part about tables: what they are made of, what a change of the schema adds, and which of them were used. */
import { expect, test } from "vitest";
import { compareSchemas } from "../../../src/model/schema-change.ts";
import { problemOf } from "../host/world.ts";
import { keysOf, open, primaryOf, type Setting, write } from "./world.ts";

export function describeTables(world: Setting): void {
  test("tables and columns are told in the order of their names, and a column that was added is the only difference", async () => {
    const primary = await primaryOf(world());
    const before = await primary.readSchema();
    expect(await primary.readSchema()).toEqual(before);
    const [table] = (await primary.checksums()).map((sum) => sum.table);
    const columns = before.find((one) => one.table === table)?.columns ?? [];
    // Its key has to be given, what was added to it since does not.
    expect(columns.map(({ nullable, hasDefault }) => nullable || hasDefault).sort()).toEqual([false, true]);
    expect(columns.map(({ column }) => column)).toEqual(columns.map(({ column }) => column).sort());
    expect(await world().changeSchema(primary, "app", "beside")).toBe(true);
    const change = compareSchemas(before, await primary.readSchema());
    expect(change).toEqual({ added: [`${table}.beside`], breaking: [], changed: [], tables: [table] });
    expect(compareSchemas(await primary.readSchema(), before).breaking).toEqual([`column ${table}.beside is gone`]);
  });

  test("which tables are used is known while somebody watches, also of connections that stood before", async () => {
    const primary = await primaryOf(world());
    const [table] = (await primary.checksums()).map((sum) => sum.table);
    const standing = await world().connect(primary, "app");
    const position = await primary.position();
    expect(await problemOf(primary.touchedTables())).toBe("refused");
    await primary.watchTables(true);
    expect(await primary.touchedTables()).toEqual([]);
    await Promise.all([primary.health(), primary.readSchema(), primary.schemaFingerprint(), primary.bytes()]);
    await Promise.all([primary.readiness(1), primary.blockers(), primary.position()]);
    expect(await primary.touchedTables()).toEqual([]);
    expect(await primary.position()).toBe(position);
    expect(await standing.write("watched-1")).toBe(true);
    expect(await primary.touchedTables()).toEqual([{ table, rowsRead: 0, rowsChanged: 1 }]);
    await standing.begin();
    expect(await standing.write("watched-2")).toBe(true);
    expect(await primary.touchedTables()).toEqual([{ table, rowsRead: 0, rowsChanged: 2 }]);
    await standing.end();
    await primary.watchTables(true);
    expect(await primary.touchedTables()).toEqual([]);
    await primary.watchTables(false);
    expect(await write(world(), primary, "unwatched")).toBe(true);
    expect(await problemOf(primary.touchedTables())).toBe("refused");
    expect(await keysOf(world(), primary)).not.toContain("watched-2");
  });

  test("a restart ends the watching, and is not taken for nothing having been used", async () => {
    const primary = await primaryOf(world());
    await primary.watchTables(true);
    expect(await write(world(), primary, "before-the-restart")).toBe(true);
    await world().kill(primary);
    expect(await primary.health()).toMatchObject(open);
    expect(await problemOf(primary.touchedTables())).toBe("refused");
  });
}
