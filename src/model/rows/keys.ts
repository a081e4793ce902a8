/** What refuses a row, or takes others with it: keys, conditions and foreign keys of one table, which both sides must agree on. */
import { columnOfPart, type ForeignKey, type Key, type RowTable, spellForeignKey } from "./table.ts";
import type { Told } from "./verdict.ts";

export function compareKeys(from: RowTable, to: RowTable, renamed: Readonly<Record<string, string>>): Told[] {
  const sender = inReceiversWords(from, renamed);
  return [...compareUnique(sender, to), ...compareChecks(sender, to), ...compareForeignKeys(sender, to)];
}

/** The sender's keys under the names that the receiver has for the columns. */
function inReceiversWords(table: RowTable, renamed: Readonly<Record<string, string>>): RowTable {
  const name = (part: string): string => {
    const column = columnOfPart(part);
    return `${renamed[column] ?? column}${part.slice(column.length)}`;
  };
  const key = (names: Key): Key => names.map(name);
  return {
    ...table,
    columns: table.columns.map((one) => ({ ...one, column: name(one.column) })),
    primaryKey: table.primaryKey && key(table.primaryKey),
    unique: table.unique.map(key),
    checks: table.checks.map((text) =>
      Object.entries(renamed).reduce((said, [now, before]) => said.replaceAll(`\`${now}\``, `\`${before}\``), text),
    ),
    foreignKeys: table.foreignKeys.map((one) => ({ ...one, columns: key(one.columns) })),
  };
}

const keysOf = ({ primaryKey, unique }: RowTable): Key[] => [...(primaryKey ? [primaryKey] : []), ...unique];

function compareUnique(from: RowTable, to: RowTable): Told[] {
  const told = keysOf(to).flatMap((key) => judgeKey(from, to, key));
  if (to.primaryKey === null) told.push(`each row of ${to.table} is searched for in all of it: it has no primary key`);
  return told;
}

/** What must be unique at the receiver has to be so at the sender already, in the same sense of equal. */
function judgeKey(from: RowTable, to: RowTable, key: Key): Told[] {
  const spelt = `${to.table} (${key.join(", ")})`;
  const other = key.find((part) => collationIn(from, part) !== collationIn(to, part));
  if (other !== undefined) return [{ why: `${spelt} compares ${other} otherwise than the sender does`, harm: "stops" }];
  if (keysOf(from).some((one) => one.every((part) => key.includes(part)))) return [];
  if (!isNumbered(from, key)) return [{ why: `only the receiver keeps ${spelt} unique`, harm: "stops" }];
  return [`${spelt} holds because the sender numbers its rows; one that is numbered by hand may stop the receiver`];
}

const columnIn = ({ columns }: RowTable, part: string) => columns.find(({ column }) => column === columnOfPart(part));

const collationIn = (table: RowTable, part: string): string | null => columnIn(table, part)?.collation ?? null;

/** A key of one column that counts by itself, and is part of a wider key at the sender. */
const isNumbered = (from: RowTable, key: Key): boolean => {
  const [part = ""] = key;
  return key.length === 1 && columnIn(from, part)?.autoIncrement === true;
};

/** Rows are not checked again when they arrive. */
function compareChecks(from: RowTable, to: RowTable): Told[] {
  const only = to.checks.filter((condition) => !from.checks.includes(condition));
  return only.map((condition) => ({ why: `only the receiver keeps ${to.table} to ${condition}`, harm: "corrupts" }));
}

/** What a cascade removes or changes is in no log: both sides must have it, or neither. */
function compareForeignKeys(from: RowTable, to: RowTable): Told[] {
  const [sent, held] = [from.foreignKeys.map(spellForeignKey), to.foreignKeys.map(spellForeignKey)];
  const onlyTo = to.foreignKeys.filter((one) => !sent.includes(spellForeignKey(one)));
  const onlyFrom = from.foreignKeys.filter((one) => !held.includes(spellForeignKey(one)) && cascades(one));
  return [
    ...onlyTo.map((one) => refused(`only the receiver has the foreign key ${spellForeignKey(one)}`)),
    ...onlyFrom.map((one) =>
      refused(`only the sender has the foreign key ${spellForeignKey(one)}, and what it cascades is in no log`),
    ),
  ];
}

const refused = (why: string): Told => ({ why, harm: "corrupts" });

const cascades = ({ onUpdate, onDelete }: ForeignKey): boolean =>
  [onUpdate, onDelete].some((rule) => rule !== "RESTRICT" && rule !== "NO ACTION");
