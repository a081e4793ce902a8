/** The tables of the application's database with their columns, and which of them were used. */
import { Problem } from "../../model/problem.ts";
import { type RowTable, spellForeignKey } from "../../model/rows/table.ts";
import type { SchemaColumn, SchemaRule, SchemaTable, TouchedTable } from "../../model/schema-change.ts";
import { readRowTables } from "./row-tables.ts";
import { settingsOf, type Server } from "./server.ts";
import type { Row } from "./wire.ts";

const readMs = 30_000;

export async function readSchema(server: Server): Promise<SchemaTable[]> {
  const { name } = await settingsOf(server);
  const of = "WHERE TABLE_SCHEMA=?";
  const [tables, columns, triggers] = await server.session(async (session) => {
    const ask = (sql: string): Promise<Row[]> => session.read({ sql, values: [name], timeoutMs: readMs });
    return [
      await ask(`SELECT TABLE_NAME, TABLE_TYPE FROM information_schema.TABLES ${of}`),
      await ask(
        "SELECT TABLE_NAME, COLUMN_NAME, COLUMN_TYPE, IS_NULLABLE, COLUMN_DEFAULT, EXTRA, IS_GENERATED" +
          ` FROM information_schema.COLUMNS ${of}`,
      ),
      await ask(
        "SELECT EVENT_OBJECT_TABLE AS TABLE_NAME, ACTION_TIMING, EVENT_MANIPULATION" +
          " FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA=?",
      ),
    ];
  });
  return schemaOf(tables, columns, [...triggers.map(triggerOf), ...(await readRowTables(server)).flatMap(rulesOf)]);
}

type RuleOfTable = SchemaRule & { table: string };

function schemaOf(tables: Row[], columns: Row[], rules: RuleOfTable[]): SchemaTable[] {
  const known = new Map<string, SchemaTable>();
  for (const { TABLE_NAME: table, TABLE_TYPE: type } of tables) {
    if (table) known.set(table, { table, view: type === "VIEW", columns: [], rules: [] });
  }
  // One that was made or dropped between the questions is left out.
  for (const row of columns) known.get(row.TABLE_NAME ?? "")?.columns.push(columnOf(row));
  for (const { table, ...rule } of rules) known.get(table)?.rules.push(rule);
  for (const one of known.values()) {
    one.columns.sort((left, right) => order(left.column, right.column));
    one.rules.sort((left, right) => order(left.rule, right.rule));
  }
  return [...known.values()].sort((one, other) => order(one.table, other.table));
}

const triggerOf = (row: Row): RuleOfTable => ({
  table: row.TABLE_NAME ?? "",
  rule: `a trigger ${row.ACTION_TIMING ?? ""} ${row.EVENT_MANIPULATION ?? ""}`.toLowerCase(),
  columns: [],
});

function rulesOf({ table, primaryKey, unique, checks, foreignKeys }: RowTable): RuleOfTable[] {
  const rule = (says: string, columns: readonly string[]): RuleOfTable => ({
    table,
    rule: says,
    columns: columns.map((column) => column.replace(/\(.*/, "")),
  });
  return [
    ...(primaryKey ? [rule(`primary key (${primaryKey.join(", ")})`, primaryKey)] : []),
    ...unique.map((key) => rule(`unique (${key.join(", ")})`, key)),
    ...checks.map((condition) => rule(`check (${condition})`, columnsIn(condition))),
    ...foreignKeys.map((key) => rule(`foreign key ${spellForeignKey(key)}`, key.columns)),
  ];
}

const columnsIn = (condition: string): string[] => [...condition.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name);

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
