/** The option that names the hour of a window, and how it is read. */
import { instant } from "../model/windows.ts";
import { Problem } from "../model/problem.ts";

export const AT_OPTION = [
  "--at <time>",
  "prepare at once and begin the window then, like 2026-12-20T02:00:00+01:00",
] as const;

/** Null when it was left out. */
export function readTime(text: string | undefined): string | null {
  if (text === undefined) return null;
  const read = instant.safeParse(text);
  if (read.success) return read.data;
  throw new Problem("bad-input", {
    what: `"${text}" is no time that --at can take`,
    why: read.error.issues[0]?.message ?? "it can't be read",
    next: "write it with its zone, like 2026-12-20T02:00:00+01:00 or 2026-12-20T01:00:00Z",
  });
}
