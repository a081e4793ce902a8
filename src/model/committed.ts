/** What git says of a file or folder, and how that is told. */

/** Null when it is in no git work tree. */
export type Committed = { changes: string[] } | { trouble: string } | null;

/** So many files are named. */
const NAMED = 5;

/** Null when all of it is committed. */
export function notCommitted(what: string, git: Committed): string | null {
  if (git === null) return `${what} is in no git work tree`;
  if ("trouble" in git) return `git can't say whether ${what} is committed: ${git.trouble}`;
  if (git.changes.length === 0) return null;
  const more = git.changes.length > NAMED ? ` and ${git.changes.length - NAMED} more` : "";
  return `not committed in ${what}: ${git.changes.slice(0, NAMED).join(", ")}${more}`;
}
