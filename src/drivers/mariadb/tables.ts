/** The tables of the application's database with their columns, and which of them were used. */
import { Problem } from "../../model/problem.ts";
import { columnOfPart, type Key, type RowColumn, type RowTable, spellForeignKey } from "../../model/rows/table.ts";
import type { SchemaColumn, SchemaRule, SchemaTable, TouchedTable } from "../../model/schema-change.ts";
import { readTables } from "./row-tables.ts";
import { settingsOf, type Server } from "./server.ts";
import type { Row } from "./wire.ts";

const readMs = 30_000;

export async function readSchema(server: Server): Promise<SchemaTable[]> {
  const { name } = await settingsOf(server);
  const triggers = await server.session((session) =>
    session.read({
      sql:
        "SELECT EVENT_OBJECT_TABLE AS TABLE_NAME, ACTION_TIMING, EVENT_MANIPULATION" +
        " FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA=?",
      values: [name],
      timeoutMs: readMs,
    }),
  );
  return (await readTables(server)).map((one) => ({
    table: one.table,
    view: one.kind === "view",
    columns: one.columns.map(columnOf).sort((left, right) => order(left.column, right.column)),
    rules: [...triggers.filter((row) => row.TABLE_NAME === one.table).map(triggerOf), ...rulesOf(one)].sort(
      (left, right) => order(left.rule, right.rule),
    ),
  }));
}

const triggerOf = (row: Row): SchemaRule => ({
  rule: `a trigger ${row.ACTION_TIMING ?? ""} ${row.EVENT_MANIPULATION ?? ""}`.toLowerCase(),
  columns: [],
});

function rulesOf({ primaryKey, unique, checks, foreignKeys }: RowTable): SchemaRule[] {
  const key = (kind: string, parts: Key): SchemaRule => ({
    rule: `${kind} (${parts.join(", ")})`,
    columns: parts.map(columnOfPart),
  });
  return [
    ...(primaryKey ? [key("primary key", primaryKey)] : []),
    ...unique.map((parts) => key("unique", parts)),
    ...checks.map((condition) => ({ rule: `check (${condition})`, columns: columnsIn(condition) })),
    ...foreignKeys.map((one) => ({ rule: `foreign key ${spellForeignKey(one)}`, columns: [...one.columns] })),
  ];
}

const columnsIn = (condition: string): string[] => [...condition.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name);

const columnOf = ({ column, type, nullable, hasDefault, autoIncrement, generated }: RowColumn): SchemaColumn => ({
  column,
  type: `${type}${generated === null ? "" : " generated"}`,
  nullable,
  hasDefault: hasDefault || autoIncrement || generated !== null,
});

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
