/** Whether the way back is still open: a pure question to what has been done so far. */
import { Problem } from "../model/problem.ts";
import type { JournalEntry } from "../model/upgrade.ts";
import type { Definitions } from "./layout.ts";

/** From this step on, the public may have written on green. */
const REOPEN = "reopen";

/** Why nothing may be undone any more, or null. `acted` names every step that may have changed something. */
export function wayBackClosed(definitions: Definitions, acted: readonly string[]): string | null {
  const final = acted.find((name) => definitions.get(name)?.undoable === "never");
  if (final) return `the step "${final}" was done, and it can't be undone`;
  if (!acted.includes(REOPEN)) return null;
  const bound = acted.find((name) => definitions.get(name)?.undoable === "until-writes");
  return bound ? `the site was reopened, and undoing "${bound}" would lose what was written since` : null;
}

export function refuseWayBack(upgrade: string, why: string): Problem {
  return new Problem("refused", {
    what: `the way back of "${upgrade}" is closed`,
    why,
    next: `changeover status; restoring a backup is a decision of its own`,
  });
}

/** A try without a result may have acted: nobody saw how it ended. */
export const actedSteps = (entries: readonly JournalEntry[]): string[] =>
  entries
    .filter(({ direction, acted, result }) => direction === "apply" && (acted || result === null))
    .map(({ step }) => step);

export const begunSteps = (entries: readonly JournalEntry[]): number[] => [
  ...new Set(entries.filter(({ direction }) => direction === "apply").map(({ index }) => index)),
];
