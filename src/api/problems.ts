/** Problems on the wire (RFC 9457, application/problem+json) and back. */
import { asProblem, Problem, type ProblemKind } from "../model/problem.ts";

export interface WireProblem {
  type: string;
  title: string;
  status: number;
  detail: string;
  next: string;
  at?: string;
}

const STATUS: Record<ProblemKind, number> = {
  "bad-input": 400,
  refused: 409,
  "not-found": 404,
  unhealthy: 502,
  "step-failed": 500,
  "timed-out": 504,
  "outcome-unknown": 500,
  "stale-token": 409,
  unreachable: 503,
  "missing-tool": 500,
};

const PREFIX = "urn:changeover:problem:";

/** What a program printed may hold what it was given. */
export function toWire(error: unknown, redact: (text: string) => string): WireProblem {
  const { kind, text } = asProblem(error);
  const { next, at } = text;
  const [title, detail] = [redact(text.what), redact(text.why)];
  return { type: `${PREFIX}${kind}`, title, status: STATUS[kind], detail, next, ...(at ? { at } : {}) };
}

export function fromWire({ type, title, detail, next, at }: WireProblem): Problem {
  return new Problem(type.slice(PREFIX.length) as ProblemKind, {
    what: title,
    why: detail,
    next,
    ...(at ? { at } : {}),
  });
}
