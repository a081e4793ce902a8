/** Draws what an upgrade changes of a release, a line for each key. Pure text. */
import type { Difference } from "../model/difference.ts";

const LONGEST = 60;

export function drawDifferences(differences: readonly Difference[]): string[] {
  if (differences.length === 0) return ["  none: the same content and the same keys"];
  const width = Math.max(...differences.map(({ key }) => key.length));
  return differences.map(({ key, from, to }) => {
    const mark = from === null ? "+" : to === null ? "-" : "~";
    const change = [from, to].flatMap((text) => (text === null ? [] : [inOneLine(text)])).join(" → ");
    return `  ${mark} ${key.padEnd(width)}  ${change}`;
  });
}

function inOneLine(text: string): string {
  const line = text.replaceAll(/\s+/g, " ").trim();
  return line.length > LONGEST ? `${line.slice(0, LONGEST - 1)}…` : line;
}
