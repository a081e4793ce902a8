/** What is remembered of one upgrade: its state, its journal, its gates. */
import { asProblem, type ProblemKind, type ProblemText } from "./problem.ts";
import type { Evidence } from "./step.ts";

/** The first four are on the way forward; only `upgraded` and `rolled-back` are ends. */
export type UpgradeState =
  | "waiting"
  | "running"
  | "paused"
  | "at-gate"
  | "rolling-back"
  | "upgraded"
  | "rolled-back"
  | "stuck";

/** Forward, back, and putting things in order after the way back. */
export type Direction = "apply" | "undo" | "after";

/** A Problem as data, so that it can be kept and shown. */
export type ProblemData = ProblemText & { kind: ProblemKind };

export function problemData(error: unknown): ProblemData {
  const { kind, text } = asProblem(error);
  return { kind, ...text };
}

/** One step of one upgrade; `index` counts through all stages of its part of the plan. */
export interface StepRef {
  index: number;
  stage: string;
  step: string;
  says: string;
}

/** One try of one step. No result means: still running, or cut short by a crash. */
export interface JournalEntry extends StepRef {
  upgrade: string;
  sequence: number;
  direction: Direction;
  /** Counts from 1 per step and direction. */
  try: number;
  intentAt: number;
  resultAt: number | null;
  result: "done" | "failed" | null;
  /** Was the step allowed by its check, so that it may have changed something? */
  acted: boolean;
  /** Already held when looked at after a crash: nothing was done again. */
  foundDone: boolean;
  /** What proves it; while there is no result, what it has told so far. */
  evidence: Evidence | null;
  problem: ProblemData | null;
  durationMs: number | null;
}

export interface JournalResult {
  result: "done" | "failed";
  acted: boolean;
  foundDone: boolean;
  evidence: Evidence | null;
  problem: ProblemData | null;
}

export type Begin =
  /** Go on; `interrupted`: an earlier try has no result, so look before acting. */
  | { kind: "begun"; sequence: number; interrupted: boolean }
  /** An earlier try is done already; it must not be done again. */
  | { kind: "done-before"; evidence: Evidence | null }
  /** Nothing new goes forward any more; `begun`: an earlier try was cut short and is to be undone too. */
  | { kind: "way-back-asked"; reason: string; begun: boolean; lossAccepted: boolean }
  /** Nothing new begins before somebody resumes it. */
  | { kind: "paused" }
  /** Nothing new begins in either direction: a person decides how it goes on. */
  | { kind: "aborted"; by: string; reason: string; begun: boolean };

/** The append-only record of one upgrade: intent before each try, result after it. */
export interface Journal {
  begin(step: StepRef, direction: Direction): Promise<Begin>;
  /** What a try that has not ended wants people to see; the next one takes its place. */
  tell(sequence: number, facts: Evidence): Promise<void>;
  end(sequence: number, result: JournalResult): Promise<void>;
  entries(): Promise<JournalEntry[]>;
}

/** What was said when it was started. */
export interface UpgradeOptions {
  yes: boolean;
  /** Why it is done; left out when nobody said. */
  why?: string;
  /** Whom to tell of it; left out when nobody is. */
  tell?: string[];
}

export interface UpgradeRecord {
  id: string;
  environment: string;
  planHash: string;
  state: UpgradeState;
  options: UpgradeOptions;
  askedBy: string;
  createdAt: number;
  startedAt: number | null;
  endedAt: number | null;
  /** Why the way back was taken, or why it is stuck; null while all is well. */
  reason: string | null;
  problem: ProblemData | null;
  /** Who asked for the way back, and when; null when nobody did. */
  wayBackAt: number | null;
  wayBackBy: string | null;
  /** Who paused it, and when; null while nobody has. */
  pausedAt: number | null;
  pausedBy: string | null;
  /** Who told it to start nothing more, and when; null when nobody did, or when it was set going again since. */
  abortedAt: number | null;
  abortedBy: string | null;
  /** Newest fencing token under which it was executed. */
  token: number;
}

/** What a gate shows so that a person can decide: the sentence of a step and the facts that prove it. */
export interface GateEvidence {
  says: string;
  facts: Evidence;
}

export interface GateRecord {
  upgrade: string;
  gate: string;
  question: string;
  askedAt: number;
  deadlineAt: number;
  /** What happens when nobody answers in time. */
  atDeadline: "way-back" | "go-on";
  evidence: GateEvidence[];
  /** Why nobody may approve it now; null when it may be. */
  blocked: string | null;
  /** `fix`: a hot-fix is on its way, then the gate asks again. */
  answer: "approved" | "denied" | "expired" | "fix" | null;
  answeredBy: string | null;
  answeredAt: number | null;
  planHash: string;
}

/** What a person ran at a gate to mend the new release in place. */
export interface HotFix {
  upgrade: string;
  /** Counts from 1 in each upgrade. */
  number: number;
  gate: string;
  /** Shell, run in the release's folder. */
  script: string;
  account: FixAccount;
  askedBy: string;
  askedAt: number;
}

/** `application`: on every new server, which then starts anew; `migration`: once, as the account that may alter the schema. */
export type FixAccount = "application" | "migration";

/** What people can ask of an upgrade. */
export type Verb = "rollback" | "resume" | "approve" | "deny" | "pause" | "abort" | "fix" | "cut-sessions";

export interface ControlRequest {
  upgrade: string;
  verb: Verb;
  by: string;
  at: number;
  /** Of an answer: the gate's name. */
  reason: string;
}
