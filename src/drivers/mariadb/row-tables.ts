/** The tables of the application's database as its log of rows sees them: places, keys, conditions. */
import type { ForeignKey, Key, RowColumn, RowTable } from "../../model/rows/table.ts";
import { settingsOf, type Server } from "./server.ts";
import type { Row } from "./wire.ts";

const readMs = 30_000;

/** In the order of their names; views keep no rows and are left out. */
export const readRowTables = async (server: Server): Promise<RowTable[]> =>
  (await readTables(server)).filter(({ kind }) => kind !== "view");

/** Views as well. */
export async function readTables(server: Server): Promise<RowTable[]> {
  const { name } = await settingsOf(server);
  return server.session(async (session) => {
    const ask = (columns: string, from: string): Promise<Row[]> =>
      session.read({ sql: `SELECT ${columns} FROM information_schema.${from}`, values: [name], timeoutMs: readMs });
    /** By the name of their table. */
    const about = async (columns: string, from: string): Promise<(table: string) => Row[]> => {
      const byTable = Map.groupBy(await ask(columns, from), (row) => row.TABLE_NAME);
      return (table) => byTable.get(table) ?? [];
    };
    const tables = await ask("TABLE_NAME, TABLE_TYPE", "TABLES WHERE TABLE_SCHEMA=?");
    const columns = await about(
      "TABLE_NAME, COLUMN_NAME, COLUMN_TYPE, CHARACTER_SET_NAME, COLLATION_NAME, IS_NULLABLE, COLUMN_DEFAULT, EXTRA," +
        " IS_GENERATED, GENERATION_EXPRESSION",
      "COLUMNS WHERE TABLE_SCHEMA=? ORDER BY ORDINAL_POSITION",
    );
    const keys = await about(
      "TABLE_NAME, INDEX_NAME, COLUMN_NAME, SUB_PART",
      "STATISTICS WHERE TABLE_SCHEMA=? AND NON_UNIQUE=0 ORDER BY INDEX_NAME, SEQ_IN_INDEX",
    );
    const checks = await about("TABLE_NAME, CHECK_CLAUSE", "CHECK_CONSTRAINTS WHERE CONSTRAINT_SCHEMA=?");
    const foreign = await about(
      "k.TABLE_NAME, k.CONSTRAINT_NAME, k.COLUMN_NAME, k.REFERENCED_TABLE_NAME, k.REFERENCED_COLUMN_NAME," +
        " r.UPDATE_RULE, r.DELETE_RULE",
      "KEY_COLUMN_USAGE k JOIN information_schema.REFERENTIAL_CONSTRAINTS r" +
        " USING (CONSTRAINT_SCHEMA, TABLE_NAME, CONSTRAINT_NAME)" +
        " WHERE k.CONSTRAINT_SCHEMA=? ORDER BY k.CONSTRAINT_NAME, k.ORDINAL_POSITION",
    );
    // One that was made or dropped between two questions has no columns, or is not among them.
    return tables
      .map((row) => {
        const table = row.TABLE_NAME ?? "";
        const { PRIMARY: primaryKey = null, ...unique } = keysOf(keys(table));
        return {
          table,
          kind: kindOf(row.TABLE_TYPE),
          columns: columns(table).map(columnOf),
          primaryKey,
          unique: Object.values(unique),
          checks: checks(table).map((check) => check.CHECK_CLAUSE ?? ""),
          foreignKeys: foreignKeysOf(foreign(table)),
        };
      })
      .sort((one, other) => (one.table < other.table ? -1 : 1));
  });
}

const kindOf = (type: string | null | undefined): RowTable["kind"] =>
  type === "BASE TABLE" ? "table" : type === "VIEW" ? "view" : "other";

function columnOf(row: Row): RowColumn {
  const extra = row.EXTRA ?? "";
  return {
    column: row.COLUMN_NAME ?? "",
    type: row.COLUMN_TYPE ?? "",
    charset: row.CHARACTER_SET_NAME ?? null,
    collation: row.COLLATION_NAME ?? null,
    nullable: row.IS_NULLABLE === "YES",
    // The default null is the word NULL; a text that says so comes in quotes.
    hasDefault: (row.COLUMN_DEFAULT ?? "NULL") !== "NULL",
    autoIncrement: /auto_increment/i.test(extra),
    generated:
      row.IS_GENERATED === "ALWAYS"
        ? `${row.GENERATION_EXPRESSION} ${/stored/i.test(extra) ? "stored" : "virtual"}`
        : null,
  };
}

/** By the name of the index; a key over the beginning of a column says how much of it. */
function keysOf(rows: Row[]): Record<string, Key> {
  const keys: Record<string, string[]> = {};
  for (const { INDEX_NAME: index, COLUMN_NAME: column, SUB_PART: part } of rows) {
    const name = index ?? "";
    keys[name] = [...(keys[name] ?? []), part === null || part === undefined ? (column ?? "") : `${column}(${part})`];
  }
  return keys;
}

function foreignKeysOf(rows: Row[]): ForeignKey[] {
  const byName = Map.groupBy(rows, (row) => row.CONSTRAINT_NAME);
  return [...byName.values()].map((parts) => {
    const [first] = parts;
    return {
      columns: parts.map((part) => part.COLUMN_NAME ?? ""),
      to: {
        table: first?.REFERENCED_TABLE_NAME ?? "",
        columns: parts.map((part) => part.REFERENCED_COLUMN_NAME ?? ""),
      },
      onUpdate: first?.UPDATE_RULE ?? "",
      onDelete: first?.DELETE_RULE ?? "",
    };
  });
}
