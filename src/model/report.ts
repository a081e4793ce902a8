/** The report of an upgrade: the same shape for every example and every real upgrade. */
import type { Phase } from "./plan.ts";

export interface Report {
  outcome: "upgraded" | "rolled-back";
  strategy: string;
  environment: string;
  upgrade: string;
  from: string;
  to: string;
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
  phases: Record<`${Phase}Ms`, number>;
  steps: { name: string; says: string; durationMs: number }[];
  /** Path of the client's acknowledged writes, one JSON object a line; null without a ledger. */
  ledger: string | null;
}

/** What the ledger's clients saw, counted from their own file. */
export interface LedgerSummary {
  path: string;
  requests: { total: number; failed: number; paged: number };
  writes: { acknowledged: number; lost: number; duplicated: number };
  clientDowntimeMs: number;
  writeGapMs: number;
}
