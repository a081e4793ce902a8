/** What the names of a simulated database's schema changes mean: its tables and columns, and who can work on them. */
import type { SchemaColumn, SchemaTable } from "../../model/schema-change.ts";

/**
 * "add notices" makes a table, "add notices.author" a column that may be empty, "drop" takes them away again; a release
 * that was made without minds none of them. Any other name breaks what was.
 */
const ASIDE = /^(add|drop) ([^.]+)(?:\.(.+))?$/;
/** The one table of which rows come and go; each other one has a single row. */
export const ROWS = "rows";

const required: SchemaColumn = { column: "key", type: "text", nullable: false, hasDefault: false };
const optional = (column: string): SchemaColumn => ({ column, type: "text", nullable: true, hasDefault: false });

/** A change that breaks puts a column of its name in the place of the one that was made by the breaking one before. */
export function tablesOf(schema: readonly string[]): SchemaTable[] {
  const tables = new Map<string, SchemaColumn[]>();
  const columnsOf = (table: string): SchemaColumn[] => {
    const columns = tables.get(table) ?? [required];
    tables.set(table, columns);
    return columns;
  };
  for (const name of schema) {
    const [, what, table = ROWS, column] = ASIDE.exec(name) ?? [];
    if (column === undefined && what === "drop") tables.delete(table);
    else if (column === undefined) columnsOf(table);
    else if (what === "add") columnsOf(table).push(optional(column));
    else
      tables.set(
        table,
        columnsOf(table).filter((one) => one.column !== column),
      );
  }
  const breaking = schema.findLast((name) => !ASIDE.test(name));
  if (breaking !== undefined) columnsOf(ROWS).push(optional(breaking));
  return [...tables.entries()]
    .map(([table, columns]) => ({
      table,
      view: false,
      columns: columns.sort((one, other) => order(one.column, other.column)),
      rules: [],
    }))
    .sort((one, other) => order(one.table, other.table));
}

/** Whoever was made for the one works on the other, which may have more. */
export const worksOn = (known: readonly string[], there: readonly string[]): boolean =>
  there.filter((name) => known.includes(name) || !ASIDE.test(name)).join() === known.join();

export const tableOf = (change: string): string => ASIDE.exec(change)?.[2] ?? ROWS;

const order = (one: string, other: string): number => (one < other ? -1 : 1);
