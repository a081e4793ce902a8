/** What comes next in a rehearsal: a pure question to its row and to the upgrades of its clone. */
import type { Rehearsal, RehearsalState } from "../model/rehearsal.ts";
import type { ProblemData, UpgradeState } from "../model/upgrade.ts";

/** The clone's bring-up while that is under way, then the upgrade that is rehearsed. */
export interface CloneUpgrade {
  id: string;
  state: UpgradeState;
  /** Each time somebody sets it going. */
  round: number;
  wayBackAsked: boolean;
  /** At which step it failed and why; null when nothing did. */
  failure: ProblemData | null;
}

export type Move =
  | { act: "wait" }
  /** Saves the clone as an environment and starts bringing it up. */
  | { act: "make-clone" }
  | { act: "start-upgrade" }
  /** Asks the upgrade that runs on the clone for its way back. */
  | { act: "turn-back" }
  /** Approves whatever gate it waits at. */
  | { act: "pass-gate" }
  | { act: "go-on"; to: RehearsalState; problem: ProblemData | null }
  | { act: "take-down" };

/** One that is stuck is asked for its way back so often before the clone is taken down as it stands. */
const ROUNDS_MAX = 3;

export function nextMove(rehearsal: Rehearsal, upgrade: CloneUpgrade | null): Move {
  if (rehearsal.state === "taking-down") return { act: "take-down" };
  const cancelled = rehearsal.cancelledBy === null ? null : cancelledBy(rehearsal.cancelledBy);
  const end = (problem: ProblemData | null): Move => ({
    act: "go-on",
    to: "taking-down",
    problem: cancelled ?? problem,
  });
  const bringsUp = rehearsal.state === "bringing-up";
  if (!upgrade) return cancelled ? end(cancelled) : { act: bringsUp ? "make-clone" : "start-upgrade" };
  if (upgrade.state === "stuck") {
    // What is stuck while it brings the clone up may still hold the replica that was lent.
    return bringsUp && upgrade.round < ROUNDS_MAX ? { act: "turn-back" } : end(upgrade.failure ?? noReason(upgrade));
  }
  if (upgrade.state === "rolled-back") {
    const wanted = !bringsUp && rehearsal.failAt !== null;
    return end(wanted ? null : (upgrade.failure ?? noReason(upgrade)));
  }
  if (upgrade.state !== "upgraded") {
    if (cancelled) return { act: upgrade.wayBackAsked ? "wait" : "turn-back" };
    return { act: upgrade.state === "at-gate" ? "pass-gate" : "wait" };
  }
  if (bringsUp && !cancelled) return { act: "go-on", to: "upgrading", problem: null };
  return end(bringsUp || rehearsal.failAt === null ? null : didNotFail(rehearsal.failAt));
}

const cancelledBy = (by: string): ProblemData => ({
  kind: "refused",
  what: "the rehearsal was cancelled",
  why: `by ${by}`,
  next: "changeover rehearse",
});

const noReason = ({ id, state }: CloneUpgrade): ProblemData => ({
  kind: "step-failed",
  what: `the rehearsed upgrade is ${state}`,
  why: "its journal gives no reason",
  next: `changeover report ${id}`,
});

const didNotFail = (step: string): ProblemData => ({
  kind: "step-failed",
  what: `the step "${step}" was told to fail and did not`,
  why: "the upgrade went through to its end",
  next: "changeover rehearse, with another step",
});
