/** Row events of the application's database: what was written since a position, and how it is counted. */
import { createHash } from "node:crypto";

/** Text as SQL would show it; bytes that are no text in base64. */
export type RowValue = string | null | { base64: string };
export type RowImage = Record<string, RowValue>;

/** One line of an export. */
export type WriteEvent =
  | {
      event: "insert" | "update" | "delete";
      table: string;
      /** The primary key's columns, as they were before an update; null when the table has none. */
      key: RowImage | null;
      before: RowImage | null;
      after: RowImage | null;
      /** The transaction's own position. */
      at: string;
    }
  /** What is logged as SQL: changes of the schema, TRUNCATE. The rows it removes are not counted. */
  | { event: "statement"; statement: string; at: string };

export type RowEvent = Exclude<WriteEvent, { event: "statement" }>;

/** Counts of one table. */
export interface TableEvents {
  table: string;
  inserted: number;
  updated: number;
  deleted: number;
  /**
   * Rows that differ between the two positions: each primary key counts once, and not at all when it ended as it
   * began (inserted and deleted again, changed and changed back). An update of the key is one row gone and one new.
   * Without a primary key equal rows are told apart by their number only. Null: too many rows to keep in mind.
   */
  net: number | null;
}

export interface WritesSince {
  from: string;
  /** Position of the last transaction that was counted. */
  upTo: string;
  /** Sorted by name; tables without an event are left out. */
  tables: TableEvents[];
  statements: number;
}

/** A row takes about 200 bytes of memory. */
const ROWS_KEPT = 500_000;

interface Fate {
  /** Hash of the row's image, null when it was not there. */
  was: string | null;
  is: string | null;
}

/** Adds up events in the order in which they happened. */
export class Tally {
  readonly #tables = new Map<string, TableEvents>();
  readonly #fates = new Map<string, Map<string, Fate>>();
  readonly #equal = new Map<string, Map<string, number>>();
  #kept = 0;
  statements = 0;

  add(event: WriteEvent): void {
    if (event.event === "statement") {
      this.statements += 1;
      return;
    }
    const counts = this.#tables.get(event.table) ?? { table: event.table, inserted: 0, updated: 0, deleted: 0, net: 0 };
    this.#tables.set(event.table, counts);
    counts[({ insert: "inserted", update: "updated", delete: "deleted" } as const)[event.event]] += 1;
    if (this.#kept > ROWS_KEPT) return;
    if (event.key === null) this.#weigh(event);
    else this.#follow(event, Object.keys(event.key));
  }

  get tables(): TableEvents[] {
    return [...this.#tables.values()]
      .map((counts) => ({ ...counts, net: this.#kept > ROWS_KEPT ? null : this.#net(counts.table) }))
      .sort((left, right) => (left.table < right.table ? -1 : 1));
  }

  get events(): number {
    return [...this.#tables.values()].reduce(
      (sum, { inserted, updated, deleted }) => sum + inserted + updated + deleted,
      0,
    );
  }

  #follow({ table, before, after }: RowEvent, columns: string[]): void {
    const fates = this.#fates.get(table) ?? new Map<string, Fate>();
    this.#fates.set(table, fates);
    const [left, entered] = [before && keyOf(before, columns), after && keyOf(after, columns)];
    const change = (key: string, was: RowImage | null, is: RowImage | null) => {
      const fate = fates.get(key);
      if (fate) fate.is = is && hashOf(is);
      else {
        this.#kept += 1;
        fates.set(key, { was: was && hashOf(was), is: is && hashOf(is) });
      }
    };
    const stays = left !== null && left === entered;
    if (left !== null) change(left, before, stays ? after : null);
    if (entered !== null && !stays) change(entered, null, after);
  }

  #weigh({ table, before, after }: RowEvent): void {
    const equal = this.#equal.get(table) ?? new Map<string, number>();
    this.#equal.set(table, equal);
    for (const [image, by] of [
      [before, -1],
      [after, 1],
    ] as const) {
      if (image === null) continue;
      const key = hashOf(image);
      if (!equal.has(key)) this.#kept += 1;
      equal.set(key, (equal.get(key) ?? 0) + by);
    }
  }

  #net(table: string): number {
    const changed = [...(this.#fates.get(table)?.values() ?? [])].filter(({ was, is }) => was !== is).length;
    const weights = [...(this.#equal.get(table)?.values() ?? [])];
    const sum = (sign: 1 | -1) => weights.reduce((total, weight) => total + Math.max(0, sign * weight), 0);
    return changed + Math.max(sum(1), sum(-1));
  }
}

const hashOf = (image: RowImage): string =>
  createHash("sha256").update(JSON.stringify(image)).digest("base64").slice(0, 24);

const keyOf = (image: RowImage, columns: string[]): string =>
  JSON.stringify(columns.map((column) => image[column] ?? null));
