/** The tables of the application's database with their columns, and which of them were used. */
import { Problem } from "../../model/problem.ts";
import type { SchemaColumn, SchemaTable, TouchedTable } from "../../model/schema-change.ts";
import { settingsOf, type Server } from "./server.ts";
import type { Row } from "./wire.ts";

const readMs = 30_000;

export async function readSchema(server: Server): Promise<SchemaTable[]> {
  const { name } = await settingsOf(server);
  const of = "WHERE TABLE_SCHEMA=?";
  const [tables, columns] = await server.session(async (session) => [
    await session.read({
      sql: `SELECT TABLE_NAME, TABLE_TYPE FROM information_schema.TABLES ${of}`,
      values: [name],
      timeoutMs: readMs,
    }),
    await session.read({
      sql:
        "SELECT TABLE_NAME, COLUMN_NAME, COLUMN_TYPE, IS_NULLABLE, COLUMN_DEFAULT, EXTRA, IS_GENERATED" +
        ` FROM information_schema.COLUMNS ${of}`,
      values: [name],
      timeoutMs: readMs,
    }),
  ]);
  return schemaOf(tables, columns);
}

function schemaOf(tables: Row[], columns: Row[]): SchemaTable[] {
  const known = new Map<string, SchemaTable>();
  for (const { TABLE_NAME: table, TABLE_TYPE: type } of tables) {
    if (table) known.set(table, { table, view: type === "VIEW", columns: [] });
  }
  // One that was made or dropped between the two questions is left out.
  for (const row of columns) known.get(row.TABLE_NAME ?? "")?.columns.push(columnOf(row));
  for (const { columns: of } of known.values()) of.sort((one, other) => order(one.column, other.column));
  return [...known.values()].sort((one, other) => order(one.table, other.table));
}

/** The default null is the word NULL; a text that says so comes in quotes. */
function columnOf(row: Row): SchemaColumn {
  const generated = row.IS_GENERATED === "ALWAYS";
  const given = (row.COLUMN_DEFAULT ?? "NULL") !== "NULL" || /auto_increment/i.test(row.EXTRA ?? "");
  return {
    column: row.COLUMN_NAME ?? "",
    type: `${row.COLUMN_TYPE ?? ""}${generated ? " generated" : ""}`,
    nullable: row.IS_NULLABLE === "YES",
    hasDefault: generated || given,
  };
}

const order = (one: string, other: string): number => (one < other ? -1 : 1);

/**
 * The server counts a statement when it has ended, also on connections from before; a view as its tables, a trigger's
 * writes too, but not what a foreign key looks up. LOCAL: it stays out of the binlog, so the position is what it was.
 */
export const watchTables = (server: Server, on: boolean): Promise<void> =>
  server.session(async (session) => {
    await session.change({ sql: `SET GLOBAL userstat=${on ? 1 : 0}` });
    if (on) await session.change({ sql: "FLUSH LOCAL TABLE_STATISTICS" });
  });

export async function touchedTables(server: Server): Promise<TouchedTable[]> {
  const { name } = await settingsOf(server);
  const rows = await server.session(async (session) => {
    const [watched] = await session.read({ sql: "SELECT @@GLOBAL.userstat AS watched" });
    if (watched?.watched !== "1") throw unwatched(server.host.name);
    return session.read({
      sql: "SELECT TABLE_NAME, ROWS_READ, ROWS_CHANGED FROM information_schema.TABLE_STATISTICS WHERE TABLE_SCHEMA=?",
      values: [name],
    });
  });
  return rows
    .map((row) => ({
      table: row.TABLE_NAME ?? "",
      rowsRead: Number(row.ROWS_READ),
      rowsChanged: Number(row.ROWS_CHANGED),
    }))
    .sort((one, other) => order(one.table, other.table));
}

const unwatched = (name: string): Problem =>
  new Problem("refused", {
    what: `nobody knows which tables of "${name}" were used`,
    why: "its server was not told to count, or was restarted since",
    next: "try again from where the watching begins",
  });
