/** A table as a log of rows sees it: columns in their order, and what refuses a row. */

export interface RowColumn {
  column: string;
  /** In the product's own words, with length, sign and values; columns of equal type are written alike. */
  type: string;
  /** Of text; null for everything else. */
  charset: string | null;
  collation: string | null;
  nullable: boolean;
  /** A row that leaves it out gets a value. */
  hasDefault: boolean;
  autoIncrement: boolean;
  /** The expression that it is made by; null when rows bring their own value. */
  generated: string | null;
}

/** Names of columns, in the order of the key; one of which only the beginning counts says how much: "name(10)". */
export type Key = readonly string[];

export const columnOfPart = (part: string): string => part.replace(/\(.*/, "");

export interface ForeignKey {
  columns: Key;
  /** Table and columns that it leads to. */
  to: { table: string; columns: Key };
  /** RESTRICT, CASCADE, SET NULL, …: a cascade is in no log of rows. */
  onUpdate: string;
  onDelete: string;
}

export interface RowTable {
  table: string;
  /** `other` has rows that a log carries in its own way, or not at all: versioned tables, sequences. */
  kind: "table" | "view" | "other";
  columns: readonly RowColumn[];
  primaryKey: Key | null;
  /** Other unique keys. */
  unique: readonly Key[];
  /** The conditions themselves, whatever they are called. */
  checks: readonly string[];
  foreignKeys: readonly ForeignKey[];
}

/** Alike where they do the same, whatever they are called. */
export function spellForeignKey({ columns, to, onUpdate, onDelete }: ForeignKey): string {
  // The two words mean the same to the database.
  const [update, remove] = [onUpdate, onDelete].map((rule) => rule.replace("NO ACTION", "RESTRICT"));
  return `(${columns.join(", ")}) → ${to.table} (${to.columns.join(", ")}) on update ${update} on delete ${remove}`;
}
