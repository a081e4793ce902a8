/** The columns of one table, place by place: what the sender writes there, the receiver must hold without a change. */
import type { RowColumn, RowTable } from "./table.ts";
import type { Harm, Told } from "./verdict.ts";

export function compareColumns(from: RowTable, to: RowTable, renamed: Readonly<Record<string, string>>): Told[] {
  const shared = Math.min(from.columns.length, to.columns.length);
  const told: Told[] = [];
  for (let place = 0; place < shared; place++) {
    const [one, other] = [from.columns[place], to.columns[place]];
    if (one && other) told.push(...compareColumn(`${from.table}.${other.column}`, one, other, renamed));
  }
  for (const { column, generated } of from.columns.slice(shared)) {
    if (generated === null) told.push(`values of ${from.table}.${column} stay behind: only the sender has it`);
  }
  for (const column of to.columns.slice(shared)) told.push(...leftOut(`${from.table}.${column.column}`, column));
  return told;
}

function compareColumn(
  name: string,
  from: RowColumn,
  to: RowColumn,
  renamed: Readonly<Record<string, string>>,
): Told[] {
  if (from.column !== to.column && renamed[from.column] !== to.column) {
    const why = `the sender has ${from.column} in the place of ${name}: moved, put in between, or another name that nobody declared`;
    return [{ why, harm: typeHarm(from, to) ?? "corrupts" }];
  }
  if (from.generated !== to.generated) return [{ why: `${name} is generated otherwise`, harm: "unknown" }];
  const harm = typeHarm(from, to);
  const told: Told[] = harm === null ? [] : [{ why: `type of ${name}: ${spell(from)} → ${spell(to)}`, harm }];
  // What the receiver can't hold becomes an empty text or a zero.
  if (from.nullable && !to.nullable && to.generated === null) {
    told.push({ why: `${name} may be null at the sender and not at the receiver`, harm: "corrupts" });
  }
  return told;
}

/** The server is set to convert nothing, so that most of it stops; what looks alike to it is stored as something else. */
function typeHarm(from: RowColumn, to: RowColumn): Harm | null {
  const [sent, held] = [valuesOf(from.type), valuesOf(to.type)];
  if (from.charset !== to.charset) return bytesOf(from) === bytesOf(to) ? "corrupts" : "stops";
  if (from.type === to.type) return null;
  if (!sent || !held) return "stops";
  // A value travels as its number, in one byte or in two.
  const sameWidth = sent.length < 256 === held.length < 256;
  return sameWidth && sent.every((value, at) => held[at] === value) ? null : "corrupts";
}

/** Of a character; all that has more than one names it. */
const BYTES: Record<string, number> = { utf8mb4: 4, utf32: 4, utf8mb3: 3, ucs2: 2, utf16: 2, utf16le: 2 };
const bytesOf = ({ charset }: RowColumn): number => BYTES[charset ?? ""] ?? 1;

/** Of an enumeration, in their order; null of every other type. A set is packed by their count, so nothing may be added. */
function valuesOf(type: string): string[] | null {
  const inside = /^enum\((.*)\)$/i.exec(type)?.[1];
  return inside === undefined ? null : (inside.match(/'(?:[^']|'')*'/g) ?? []);
}

const spell = ({ type, charset }: RowColumn): string => (charset === null ? type : `${type} ${charset}`);

/** The sender writes nothing there: it keeps its value when a row is updated, and gets its default when one is inserted. */
function leftOut(name: string, column: RowColumn): Told[] {
  if (column.generated !== null) return [];
  if (column.autoIncrement) return [{ why: `the receiver would number ${name} by itself`, harm: "unknown" }];
  if (column.nullable || column.hasDefault) return [`${name} gets no values any more: only the receiver has it`];
  return [{ why: `${name} must be given, and the sender does not have it`, harm: "corrupts" }];
}
