/** A named failure that says what happened, why, and which command comes next. */

export interface ProblemText {
  /** What happened, lower case, names quoted. */
  what: string;
  /** The cause, as far as it is known. */
  why: string;
  /** The next move: a command or an edit. */
  next: string;
  /** Where in the user's own files, as `file:line`. */
  at?: string;
}

/** One name per kind of problem; the exit code of the CLI follows from it (docs/operate/exit-codes.md). */
export type ProblemKind =
  | "bad-input"
  | "refused"
  | "not-found"
  | "unhealthy"
  | "step-failed"
  | "timed-out"
  | "outcome-unknown"
  | "stale-token"
  | "unreachable"
  | "missing-tool";

export class Problem extends Error {
  readonly kind: ProblemKind;
  readonly text: ProblemText;

  constructor(kind: ProblemKind, text: ProblemText, cause?: unknown) {
    super(`${text.at ? `${text.at}: ` : ""}${text.what} · ${text.why} · ${text.next}`, { cause });
    this.name = "Problem";
    this.kind = kind;
    this.text = text;
  }
}

/** Turns anything thrown into a Problem, keeping the cause. */
export function asProblem(error: unknown, next = "see the control plane's log, then: changeover status"): Problem {
  if (error instanceof Problem) return error;
  const why = error instanceof Error ? error.message : String(error);
  return new Problem("step-failed", { what: "an unexpected error", why, next }, error);
}
