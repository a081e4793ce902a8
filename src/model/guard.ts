/** What a guard says about a plan; shown with the plan, also when it holds. */

/** A warning never stops anything. */
export type Severity = "refuses" | "warns";

export interface GuardResult {
  name: string;
  result: "holds" | Severity;
  /** Null when it holds. */
  why: string | null;
  /** The next command or edit; null when it holds. */
  next: string | null;
}
