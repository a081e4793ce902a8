/** What a way back would be now: a pure question to what has been done so far. */
import { Problem } from "../model/problem.ts";
import type { JournalEntry } from "../model/upgrade.ts";
import type { Definitions } from "./layout.ts";

/** From this step on, the public may have written on green. */
const REOPEN = "reopen";

export type WayBackNow =
  /** Loses nothing: a failure takes it by itself. */
  | { kind: "free" }
  /** Loses what was written since the reopening: only for a person who has seen how much that is. */
  | { kind: "priced" }
  | { kind: "closed"; why: string };

/** `acted` names every step that may have changed something. */
export function wayBackNow(definitions: Definitions, acted: readonly string[]): WayBackNow {
  const final = acted.find((name) => definitions.get(name)?.undoable === "never");
  if (final) return { kind: "closed", why: `the step "${final}" was done, and it can't be undone` };
  const bound = acted.some((name) => definitions.get(name)?.undoable === "until-writes");
  return { kind: acted.includes(REOPEN) && bound ? "priced" : "free" };
}

export function refuseWayBack(upgrade: string, why: string): Problem {
  return new Problem("refused", {
    what: `the way back of "${upgrade}" is closed`,
    why,
    next: `changeover status; restoring a backup is a decision of its own`,
  });
}

/** What ends a step that is on its way forward: somebody wants back. */
export class WayBackWanted extends Problem {
  /** What was written since the reopening was counted, and who asked may lose it. */
  readonly lossAccepted: boolean;

  constructor(reason: string, lossAccepted = false) {
    super("refused", { what: "the way back was asked for", why: reason, next: "changeover report" });
    this.lossAccepted = lossAccepted;
  }
}

/** A try without a result may have acted: nobody saw how it ended. */
export const actedSteps = (entries: readonly JournalEntry[]): string[] =>
  entries
    .filter(({ direction, acted, result }) => direction === "apply" && (acted || result === null))
    .map(({ step }) => step);

export const begunSteps = (entries: readonly JournalEntry[]): number[] => [
  ...new Set(entries.filter(({ direction }) => direction === "apply").map(({ index }) => index)),
];
