/** One value of a row event, from the way mariadb-binlog prints it to text or bytes. */
import type { RowValue } from "../../model/row-events.ts";
import { type Column, wordsOf } from "./binlog-columns.ts";

/** `printed` and `type` are the two halves of a line: `'abc' /* VARSTRING(40) meta=40 nullable=1 is_null=0`. */
export function readValue(printed: string, type: string, column: Column): RowValue {
  if (printed === "NULL") return null;
  if (/^(TINY|SHORT|MEDIUM|LONG)?INT\b/.test(type)) return readInteger(printed, column);
  if (/^(STRING|VARSTRING|(TINY|MEDIUM|LONG)?BLOB|GEOMETRY)/.test(type)) return readBytes(printed, type, column);
  if (type.startsWith("ENUM")) return wordsOf(column.type)?.[Number(printed) - 1] ?? printed;
  if (type.startsWith("SET")) return readSet(printed, column);
  if (type === "DATE") return unquoted(printed).replaceAll(":", "-");
  if (type.startsWith("TIMESTAMP")) return readTimestamp(printed);
  if (printed.startsWith("b'")) return printed.slice(2, -1);
  return printed.startsWith("'") ? unquoted(printed) : printed.trim();
}

const unquoted = (printed: string): string => printed.slice(1, -1);

/** A number that is negative when read as signed is printed both ways, whatever the column is. */
function readInteger(printed: string, { type }: Column): string {
  const both = /^(-\d+) \((\d+)\)$/.exec(printed);
  // Where the column's type is not known, both are kept.
  if (!both || type === null) return printed;
  return (type.includes(" UNSIGNED") ? both[2] : both[1]) as string;
}

/** Control characters are printed as \\x and two digits; nothing else is escaped, not even the backslash itself. */
function readBytes(printed: string, type: string, column: Column): RowValue {
  const text = unquoted(printed).replace(/\\x([01][0-9a-f])/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  const bytes = Buffer.from(text, "latin1");
  const decoder = /COMPRESSED|GEOMETRY/.test(type) ? null : decoderOf(column.type);
  try {
    if (decoder) return new TextDecoder(decoder, { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    // Not what its column says: kept byte by byte.
  }
  return { base64: bytes.toString("base64") };
}

const DECODERS: Record<string, string> = {
  ascii: "utf-8",
  utf8mb3: "utf-8",
  utf8mb4: "utf-8",
  latin1: "windows-1252",
};

/** Null: the column holds bytes, or text in a character set that is not decoded here. */
function decoderOf(type: string | null): string | null {
  if (type === null) return "utf-8";
  const charset = /\bCHARSET (\w+)/.exec(type)?.[1];
  return charset === undefined ? null : (DECODERS[charset] ?? null);
}

/** The lowest bit is the first word. */
function readSet(printed: string, { type }: Column): string {
  const words = wordsOf(type);
  const bits = printed.slice(2, -1);
  if (!words) return bits;
  return words.filter((_, at) => bits.at(-1 - at) === "1").join(",");
}

/** Seconds since 1970 become a date and time in UTC, with the digits that were there. */
function readTimestamp(printed: string): string {
  const [seconds = "0", digits] = printed.split(".");
  const zero = seconds === "0" && !/[1-9]/.test(digits ?? "");
  const date = zero
    ? "0000-00-00 00:00:00"
    : new Date(Number(seconds) * 1000).toISOString().slice(0, 19).replace("T", " ");
  return digits === undefined ? date : `${date}.${digits}`;
}
