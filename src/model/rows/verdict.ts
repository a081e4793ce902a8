/** What is said of rows that are to cross from one schema to another. */

/** What comes of it when such rows are let through all the same. */
export type Harm =
  /** The receiver stops, and says so. */
  | "stops"
  /** Wrong values are stored, and nobody is told. */
  | "corrupts"
  /** Nobody has measured it. */
  | "unknown";

export interface Refusal {
  table: string;
  why: string;
  harm: Harm;
}

export interface RowVerdict {
  /** Empty: every row arrives. */
  refusals: Refusal[];
  /** Tables that only the sender has: the receiver must be told to pass over them, and their rows stay behind. */
  passedOver: string[];
  /** Sentences: what stays behind, or costs time, although nothing is lost that the receiver's schema can hold. */
  notices: string[];
}

/** A sentence is a notice, everything else a refusal. */
export type Told = string | { why: string; harm: Harm };
