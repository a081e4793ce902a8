/** Tells what an answer means to a client: whose it is, and whether a write is now done, refused or still open. */
import type { HttpCheck } from "../model/application.ts";
import { misses } from "../model/http-check.ts";
import type { AnswerKind } from "./count.ts";
import type { Outcome } from "./request.ts";

/** Anything below 500 that is not the page came from the application, also when it says no. */
export function classify(outcome: Outcome, expectedStatus: number): { kind: AnswerKind; why?: string } {
  if ("error" in outcome) return { kind: "failed", why: outcome.error };
  const { status, headers } = outcome.answer;
  if (status === 503 && headers["changeover-page"] === "maintenance") return { kind: "page" };
  if (status < 500 || status === expectedStatus) return { kind: "application" };
  return { kind: "failed", why: `status ${status}` };
}

const tooEarlyOrTooMany = new Set([408, 425, 429]);

/**
 * `done`: as expected, or any 2xx when the same key was sent before (many applications answer 201 first and 200 when
 * a key comes again). `refused`: the application said no, and nobody may claim that it is stored. `open`: ask again.
 */
export function judgeWrite(check: HttpCheck, outcome: Outcome, tries: number): "done" | "refused" | "open" {
  const { kind } = classify(outcome, check.expect.status);
  if (kind !== "application" || "error" in outcome) return "open";
  const { answer } = outcome;
  if (misses(check, answer) === null) return "done";
  const repeated = tries > 1 && answer.status >= 200 && answer.status < 300;
  const asStatus = { ...check, expect: { ...check.expect, status: answer.status } };
  if (repeated && misses(asStatus, answer) === null) return "done";
  // The right status with the wrong body may be an error shown with status 200; so nothing is known.
  if (answer.status === check.expect.status || repeated || tooEarlyOrTooMany.has(answer.status)) return "open";
  return "refused";
}

/** How long a client waits before it sends the same key again; the server's own wish counts, within limits. */
export function retryDelayMs(outcome: Outcome, tries: number): number {
  const asked = "answer" in outcome ? Number(outcome.answer.headers["retry-after"]) : Number.NaN;
  const wished = Number.isFinite(asked) ? asked * 1000 : 500 * tries;
  return Math.min(Math.max(wished, 200), 5000);
}
