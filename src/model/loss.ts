/** What a way back after reopening would lose: counted, worded, and accepted by its hash. Pure. */
import { createHash } from "node:crypto";
import { canonical } from "./plan.ts";
import type { TableEvents, WritesSince } from "./row-events.ts";

export interface Loss {
  /** Accepts what was counted here, up to this position. */
  hash: string;
  /** Position behind the page, right before the reopening. */
  since: string;
  /** Milliseconds since 1970. */
  sinceAt: number;
  upTo: string;
  tables: TableEvents[];
  /** Row events in all tables. */
  events: number;
  /** Changes of the schema and other statements that are logged as SQL. */
  statements: number;
  exportedTo: string;
}

export function lossOf(
  upgrade: string,
  writes: WritesSince,
  more: Pick<Loss, "sinceAt" | "events" | "exportedTo">,
): Loss {
  const { from: since, upTo, tables, statements } = writes;
  const bound = canonical({ upgrade, since, upTo, tables, statements });
  const hash = createHash("sha256").update(bound).digest("hex").slice(0, 12);
  return { hash, since, upTo, tables, statements, ...more };
}

/**
 * Tables that are concerned now and were not when the loss was accepted. More rows in the same tables are what whoever
 * accepted had to expect of a site that is open; rows of another kind are not.
 */
export function beyondAccepted(accepted: Loss, now: Loss): string[] {
  const known = new Set(accepted.tables.map(({ table }) => table));
  return now.tables.map(({ table }) => table).filter((table) => !known.has(table));
}

/** "312 row events in 3 tables (orders 200 inserted; customers 100 inserted, 2 updated; …)". */
export function drawLoss({ events, tables, statements }: Pick<Loss, "events" | "tables" | "statements">): string {
  const rows = `${events} row event${events === 1 ? "" : "s"} in ${tables.length} table${tables.length === 1 ? "" : "s"}`;
  const list = tables.map(drawTable).join("; ");
  const more =
    statements > 0 ? ` and ${statements} statement${statements === 1 ? "" : "s"} such as changes of the schema` : "";
  return `${rows}${list === "" ? "" : ` (${list})`}${more}`;
}

function drawTable({ table, inserted, updated, deleted }: TableEvents): string {
  const parts = [
    ...(inserted > 0 ? [`${inserted} inserted`] : []),
    ...(updated > 0 ? [`${updated} updated`] : []),
    ...(deleted > 0 ? [`${deleted} deleted`] : []),
  ];
  return `${table} ${parts.join(", ")}`;
}
