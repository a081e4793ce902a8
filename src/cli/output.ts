/** What commands print and how they end: sentences or JSON on stdout, talk on stderr, documented exit codes. */
import { asProblem, type Problem, type ProblemKind } from "../model/problem.ts";
import type { UpgradeState } from "../model/upgrade.ts";

/** docs/operate/exit-codes.md says the same in words. */
export const EXIT = {
  done: 0,
  failed: 1,
  badInput: 2,
  refused: 3,
  notFound: 4,
  rolledBack: 5,
  stuck: 6,
  unreachable: 7,
  interrupted: 130,
} as const;

const OF_KIND: Record<ProblemKind, number> = {
  "bad-input": EXIT.badInput,
  refused: EXIT.refused,
  "not-found": EXIT.notFound,
  unhealthy: EXIT.failed,
  "step-failed": EXIT.failed,
  "timed-out": EXIT.failed,
  "outcome-unknown": EXIT.failed,
  "stale-token": EXIT.refused,
  unreachable: EXIT.unreachable,
  "missing-tool": EXIT.unreachable,
};

const OF_STATE: Partial<Record<UpgradeState, number>> = {
  upgraded: EXIT.done,
  "rolled-back": EXIT.rolledBack,
  stuck: EXIT.stuck,
};

/** After Ctrl-C an upgrade that has not ended goes on without us. */
export const exitOfState = (state: UpgradeState, watching?: AbortSignal): number =>
  OF_STATE[state] ?? (watching?.aborted ? EXIT.interrupted : EXIT.done);

export function printProblem(error: unknown, json: boolean): number {
  const problem: Problem = asProblem(error);
  const { what, why, next, at } = problem.text;
  if (json) console.log(JSON.stringify({ problem: { kind: problem.kind, what, why, next, ...(at ? { at } : {}) } }));
  else console.error(`✗ ${at ? `${at}: ` : ""}${what}\n  why:  ${why}\n  next: ${next}`);
  return OF_KIND[problem.kind];
}

export const printJson = (value: unknown): void => console.log(JSON.stringify(value));

/** Talk goes to stderr, so that the last line of stdout stays the answer. */
export const say = (text: string): void => console.error(text);
