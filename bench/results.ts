/** What a measurement gives, how it is shown, and where it is kept: dated, with the commit and the machine. */
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, release, totalmem } from "node:os";
import { join } from "node:path";
import { type Figure, holds } from "./figures.ts";
import type { Shard } from "./shard.ts";

export interface Asked {
  /** Null: as many as the measurement usually takes. */
  runs: number | null;
  /** At most so many kill points, spread evenly. */
  points: number | null;
  shard: Shard;
}

export type Row = Record<string, string | number | boolean>;

export interface Outcome {
  rows: Row[];
  figures: Record<string, Figure>;
  /** Where two are measured beside each other in several ways: what came of each way. */
  modes?: Record<string, unknown>;
  /** What must never be, said in words; empty when the claim holds. A missed target is not among them. */
  failures: string[];
}

const FOLDER = join(import.meta.dirname, "results");

export function saveResult(name: string, asked: Asked, outcome: Outcome, save: boolean) {
  const result = { name, date: new Date().toISOString(), commit: commit(), machine: machine(), asked, ...outcome };
  if (save) {
    mkdirSync(FOLDER, { recursive: true });
    const { shard } = asked;
    const part = shard.of === 1 ? "" : `.${shard.part}-of-${shard.of}`;
    writeFileSync(join(FOLDER, `${name}${part}.json`), `${JSON.stringify(result, null, 2)}\n`);
  }
  return result;
}

function commit(): string {
  const git = (...args: string[]) =>
    execFileSync("git", args, {
      cwd: import.meta.dirname,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  try {
    return `${git("rev-parse", "--short", "HEAD")}${git("status", "--porcelain", "../src") === "" ? "" : " and changes"}`;
  } catch {
    return "unknown";
  }
}

const machine = () => ({
  cores: availableParallelism(),
  processor: cpus()[0]?.model ?? "unknown",
  memoryGb: Math.round(totalmem() / 1e9),
  system: `${process.platform} ${release()}`,
  node: process.version,
});

export function tableOf(name: string, { rows, figures, failures }: Outcome): string {
  const measured = Object.entries(figures).map(([what, figure]) => {
    const { unit, median, max, p99, target } = figure;
    const wanted = target ? `, wanted ${target.statistic} <= ${target.most}: ${holds(figure) ? "yes" : "NO"}` : "";
    return `  ${what.padEnd(22)} median ${median}, ${p99 === undefined ? "" : `p99 ${p99}, `}max ${max} ${unit}${wanted}`;
  });
  return [name, ...alignedRows(rows), ...measured, ...failures.map((failure) => `  ✗ ${failure}`)].join("\n");
}

function alignedRows(rows: readonly Row[]): string[] {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const lines = [columns, ...rows.map((row) => columns.map((column) => String(row[column] ?? "")))];
  const widths = columns.map((_, at) => Math.max(...lines.map((line) => (line[at] ?? "").length)));
  return lines.map((line) => `  ${line.map((text, at) => text.padEnd(widths[at] ?? 0)).join("  ")}`.trimEnd());
}
