/** The ledger's two files: acknowledged writes, and runs of answers; appended to while it goes, read back to count. */
import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { Problem } from "../model/problem.ts";
import type { LedgerSummary } from "../model/report.ts";
import { type Acknowledged, type AnswerKind, type AnswerRun, summarize } from "./count.ts";

/** Runs are written at least this often, so that a killed ledger loses no more than that of its answers. */
const runMsMax = 1000;

/** Beside the acknowledged writes; one without the other can't be counted. */
export const answersFile = (file: string): string => `${file}.answers`;

export interface Book {
  /** On its way to the disk when this returns; count it only afterwards. */
  acknowledge(line: Acknowledged): void;
  answered(at: number, kind: AnswerKind, why?: string): void;
  close(): void;
}

/** One book holds one run of the clients: a file that exists is a problem, not something to mix with. */
export function openBook(file: string): Book {
  const writes = create(file);
  const answers = create(answersFile(file));
  let run: AnswerRun | null = null;
  const endRun = () => {
    if (run) append(answers, run);
    run = null;
  };
  return {
    acknowledge: (line) => append(writes, line),
    answered(at, kind, why) {
      if (run && (run.kind !== kind || run.why !== why || at - run.from > runMsMax)) endRun();
      run = { kind, from: run?.from ?? at, to: at, count: (run?.count ?? 0) + 1, why };
    },
    close() {
      endRun();
      closeSync(writes);
      closeSync(answers);
    },
  };
}

function create(file: string): number {
  try {
    mkdirSync(dirname(file), { recursive: true });
    return openSync(file, "ax");
  } catch (error) {
    throw new Problem(
      "bad-input",
      {
        what: `the ledger can't write to "${file}"`,
        why: (error as Error).message,
        next: "name a file that does not exist yet: changeover ledger --file <file>",
      },
      error,
    );
  }
}

const append = (descriptor: number, line: object): void => void writeSync(descriptor, `${JSON.stringify(line)}\n`);

export async function readBook(file: string): Promise<{ lines: Acknowledged[]; runs: AnswerRun[] }> {
  return { lines: await readLines<Acknowledged>(file), runs: await readLines<AnswerRun>(answersFile(file)) };
}

/** Counts from the files and the keys that the database holds now; the same summary for whoever does it. */
export async function countAgain(file: string, keysFound: readonly string[]): Promise<LedgerSummary> {
  const { lines, runs } = await readBook(file);
  return summarize(file, lines, runs, keysFound);
}

/** What follows the last line end was cut off by a crash, before anyone counted it. */
async function readLines<T>(file: string): Promise<T[]> {
  try {
    const whole = (await readFile(file, "utf8")).split("\n").slice(0, -1);
    return whole.map((line) => JSON.parse(line) as T);
  } catch (error) {
    throw new Problem(
      "bad-input",
      {
        what: `the ledger file "${file}" can't be read`,
        why: (error as Error).message,
        next: "name the file of a ledger",
      },
      error,
    );
  }
}
