/** What is remembered of a rehearsal: which plan runs on which clone, how far it is, and what came of it. */
import type { Costs } from "./costs.ts";
import type { UpgradeStrategy } from "./plan.ts";
import type { ProblemData } from "./upgrade.ts";

/** The last two are ends. While it is `bringing-up`, its environment lends a replica and begins nothing itself. */
export type RehearsalState = "bringing-up" | "upgrading" | "taking-down" | "rehearsed" | "failed";

export interface RehearsalResult {
  /** The upgrade that was run on the clone. */
  upgrade: string;
  costs: Costs;
  /** What the application's tables took, and the backup of them with all that belongs to a server. */
  databaseBytes: number | null;
  backupBytes: number | null;
}

export interface Rehearsal {
  id: string;
  environment: string;
  clone: string;
  to: string;
  strategy: UpgradeStrategy;
  /** Step that is asked to fail, to time the way back. */
  failAt: string | null;
  state: RehearsalState;
  askedBy: string;
  createdAt: number;
  endedAt: number | null;
  /** Who ended it early. */
  cancelledBy: string | null;
  /** At which step it failed and why; null while all is well. */
  problem: ProblemData | null;
  result: RehearsalResult | null;
}

/** What a rehearsal looks like from outside: also which upgrades of the clone belong to it, in order. */
export interface RehearsalView extends Rehearsal {
  upgrades: string[];
}

const LONGEST_NAME = 31;
const SUFFIX = "-rehearsal";

/** One clone at a time, so one name. */
export const cloneNameOf = (environment: string): string =>
  `${environment.slice(0, LONGEST_NAME - SUFFIX.length)}${SUFFIX}`;
