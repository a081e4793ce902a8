/** A vote on the size of a scaling group: each voter has one, and it counts until it is taken back or grows too old. */

export type VoteKind = "grow" | "shrink";

export interface Vote {
  environment: string;
  group: string;
  /** Who votes: usually an alert's name and the server that it watches, "busy app-3". */
  voter: string;
  vote: VoteKind;
  /** Milliseconds since 1970. */
  at: number;
}
