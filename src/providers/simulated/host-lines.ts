/** Lines of a simulated log, counted from where the last look ended, by the same rules as on real hosts. */
import type { LineCount, LinesAsked } from "../../model/host.ts";

export function countLines(text: string | null, { pattern, from, bytesMax }: LinesAsked): LineCount {
  if (text === null) return { lines: 0, place: "0:0", atLeast: false };
  const [inode, offset] = from === null ? ["1", text.length] : (from.split(":") as [string, string]);
  const begun = Math.min(inode === "1" ? Number(offset) : 0, text.length);
  const start = Math.max(begun, text.length - bytesMax);
  const end = Math.max(start, text.lastIndexOf("\n") + 1);
  const matching = text
    .slice(start, end)
    .split("\n")
    .slice(0, -1)
    .filter((line) => new RegExp(pattern).test(line));
  return { lines: matching.length, place: `1:${end}`, atLeast: start > begun };
}
