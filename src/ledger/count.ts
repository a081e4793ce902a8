/** Counts what a ledger's clients saw; pure, so that anyone gets the same numbers from the same files. */
import type { LedgerSummary } from "../model/report.ts";

/** One line of the ledger file: a write that a client was told is done. */
export interface Acknowledged {
  key: string;
  /** When the answer was complete, milliseconds since 1970. */
  at: number;
  /** 1 when the first try was acknowledged. */
  tries: number;
  /** From sending the first try to the acknowledgement. */
  ms: number;
  status: number;
}

/** `application`: it answered. `page`: the maintenance page. `failed`: neither. */
export type AnswerKind = "application" | "page" | "failed";

/** Answers of one kind in a row, one line of the answers file. */
export interface AnswerRun {
  kind: AnswerKind;
  from: number;
  to: number;
  count: number;
  /** What was seen instead of an answer; for `failed` only. */
  why?: string;
}

export interface JudgedWrites {
  acknowledged: number;
  /** Acknowledged, and not in the database. */
  lost: string[];
  /** In the database more than once, acknowledged or not. */
  duplicated: string[];
}

/** `keysFound` may hold keys of others: seeds, probes, other runs. They are left out. */
export function judgeWrites(lines: readonly Acknowledged[], keysFound: readonly string[]): JudgedWrites {
  const acknowledged = new Set(lines.map((line) => line.key));
  const runs = new Set([...acknowledged].map(runOf));
  const found = new Map<string, number>();
  for (const key of keysFound) {
    if (acknowledged.has(key) || runs.has(runOf(key))) found.set(key, (found.get(key) ?? 0) + 1);
  }
  return {
    acknowledged: acknowledged.size,
    lost: [...acknowledged].filter((key) => !found.has(key)),
    duplicated: [...found].filter(([, times]) => times > 1).map(([key]) => key),
  };
}

/** The keys of one run of the clients differ in what follows the last dash. */
const runOf = (key: string): string => key.slice(0, key.lastIndexOf("-") + 1) || key;

/** Longest time between two acknowledgements in a row; 0 when there are fewer than two. */
export function writeGapMs(lines: readonly Acknowledged[]): number {
  const times = lines.map((line) => line.at).sort((left, right) => left - right);
  return times.reduce((longest, at, index) => Math.max(longest, at - (times[index - 1] ?? at)), 0);
}

/** From the first to the last answer that was not the application's; 0 when there was none. */
export function clientDowntimeMs(runs: readonly AnswerRun[]): number {
  const others = runs.filter((run) => run.kind !== "application");
  if (others.length === 0) return 0;
  const first = others.reduce((earliest, run) => Math.min(earliest, run.from), Number.POSITIVE_INFINITY);
  return others.reduce((latest, run) => Math.max(latest, run.to), first) - first;
}

export function countRequests(runs: readonly AnswerRun[]): LedgerSummary["requests"] {
  const of = (kind: AnswerKind) => runs.reduce((sum, run) => sum + (run.kind === kind ? run.count : 0), 0);
  const [failed, paged] = [of("failed"), of("page")];
  return { total: of("application") + failed + paged, failed, paged };
}

/** The whole summary, as it goes into the report. */
export function summarize(
  path: string,
  lines: readonly Acknowledged[],
  runs: readonly AnswerRun[],
  keysFound: readonly string[],
): LedgerSummary {
  const { acknowledged, lost, duplicated } = judgeWrites(lines, keysFound);
  return {
    path,
    requests: countRequests(runs),
    writes: { acknowledged, lost: lost.length, duplicated: duplicated.length },
    clientDowntimeMs: clientDowntimeMs(runs),
    writeGapMs: writeGapMs(lines),
  };
}
