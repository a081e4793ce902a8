/** The report of an upgrade: the same shape for every example and every real upgrade. */
import type { Costs } from "./costs.ts";
import type { ForecastSource } from "./forecast.ts";
import type { Phase } from "./plan.ts";
import type { TableEvents } from "./row-events.ts";
import type { GateEvidence } from "./upgrade.ts";

export interface Report {
  outcome: "upgraded" | "rolled-back";
  strategy: string;
  /** Null for what is no upgrade to a release. */
  kind: "major" | "minor" | null;
  /** `window`: the public was to see the page; `none`: nothing was to be noticed; null as for `kind`. */
  downtime: "window" | "none" | null;
  /** Why it was done, as said when it was started; null when nobody said. */
  why: string | null;
  /** Whom to tell, as said then. */
  tell: string[];
  environment: string;
  upgrade: string;
  from: string;
  to: string;
  planHash: string;
  askedBy: string;
  /** ISO 8601, UTC. */
  startedAt: string | null;
  endedAt: string | null;
  /** Why the way back was taken; null when it was not. */
  reason: string | null;
  /** By the ledger's clients when one ran, else by the load balancers' counters (which know no writes). */
  requests: { total: number; failed: number; held: number; paged: number };
  /** All 0 without a ledger: nobody counted. */
  writes: { acknowledged: number; lost: number; duplicated: number };
  /** From the first to the last public answer that was not the application's; 0 when there was none, null without a ledger. */
  clientDowntimeMs: number | null;
  /** Longest time between two acknowledged writes in a row; null without a ledger. */
  writeGapMs: number | null;
  /** Null when nothing was lost: the site was not reopened, or no way back was taken. */
  loss: ReportedLoss | null;
  phases: Record<`${Phase}Ms`, number>;
  /** What was foretold when it was started; null when nothing was known then. */
  prediction: (Costs & { from: ForecastSource }) | null;
  /** What came of it, under the same names. */
  truth: Costs;
  /** Every try of every step, in the order in which they began. */
  steps: ReportedStep[];
  /** Who asked, answered, paused, mended, and when. */
  decisions: Decision[];
  /** What each gate showed to those who decided. */
  gates: { gate: string; question: string; evidence: GateEvidence[] }[];
  /** How the old release did on the migrated copy; null when it was not tried. */
  oldReleaseOnNewSchema: string | null;
  /** What the old release's checks did not touch when the upgrade was proven to be minor; null when that was not asked. */
  notCovered: string | null;
  /** Path of the client's acknowledged writes, one JSON object a line; null without a ledger. */
  ledger: string | null;
}

export interface ReportedStep {
  /** Steps of the way back are named `undo …`. */
  name: string;
  says: string;
  /** ISO 8601, UTC. */
  at: string;
  durationMs: number;
  /** `cut short`: a crash left it without a result, and it was taken up again. */
  result: "done" | "failed" | "cut short";
  problem: string | null;
}

export interface Decision {
  /** ISO 8601, UTC. */
  at: string;
  by: string;
  /** Such as `approve "reopen"`. */
  what: string;
  reason: string;
}

/** What a way back after reopening gave up. */
export interface ReportedLoss {
  tables: TableEvents[];
  /** Row events in all of them. */
  events: number;
  /** Changes of the schema and other statements that are logged as SQL. */
  statements: number;
  /** Path of the file that holds each of them, one JSON object a line. */
  exportedTo: string;
}

/** What the ledger's clients saw, counted from their own file. */
export interface LedgerSummary {
  path: string;
  requests: { total: number; failed: number; paged: number };
  writes: { acknowledged: number; lost: number; duplicated: number };
  clientDowntimeMs: number;
  writeGapMs: number;
}
