/** The bytes of an environment file as text, and what of a user's text may be repeated on a terminal. */
import { Problem } from "./problem.ts";

/** Far more than anybody writes down about one environment. */
export const MOST_BYTES = 1024 * 1024;

/** Throws a Problem when it is too much, or no UTF-8 text. A byte order mark is left out. */
export function readText(bytes: Buffer, file: string): string {
  const refuse = (line: number, why: string): Problem =>
    new Problem("bad-input", {
      what: "the environment file can't be read as text",
      why: `${file}:${line} ${why}`,
      next: "save it as UTF-8 text, then run the same command again (docs/environment-file.md)",
      at: `${file}:${line}`,
    });
  if (bytes.length > MOST_BYTES) throw refuse(1, `it has ${bytes.length} bytes, and may have ${MOST_BYTES}`);
  const marked = bytes.subarray(0, 2).toString("hex");
  if (marked === "fffe" || marked === "feff") throw refuse(1, "it is UTF-16");
  const zero = bytes.indexOf(0);
  if (zero >= 0) throw refuse(lineAt(bytes, zero), "it holds a zero byte, so it is no text");
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw refuse(firstBroken(bytes), "it is not UTF-8");
  }
}

const lineAt = (bytes: Buffer, offset: number): number =>
  bytes.subarray(0, offset).toString("latin1").split("\n").length;

/** No character of UTF-8 holds the byte of a line end, so each line can be looked at by itself. */
function firstBroken(bytes: Buffer): number {
  const lines = bytes.toString("latin1").split("\n");
  const broken = lines.findIndex((line) => !isUtf8(Buffer.from(line, "latin1")));
  return Math.max(1, broken + 1);
}

const isUtf8 = (line: Buffer): boolean => line.equals(Buffer.from(line.toString("utf8")));

/** Short, and without what a terminal would act upon. */
export function printable(text: string, most = 200): string {
  const shown = text.length > most ? `${text.slice(0, most)}…` : text;
  return shown.toWellFormed().replace(/\p{C}/gu, (it) => `\\u{${it.codePointAt(0)?.toString(16)}}`);
}
