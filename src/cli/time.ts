/** The option that names the hour of a window, and how times and lengths of time are read. */
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

const UNITS: Record<string, number> = { m: 1 / 60, h: 1, d: 24 };

/** "90m", "2h", "3d" in hours; null when it was left out. */
export function readHours(text: string | undefined): number | null {
  if (text === undefined) return null;
  const [, amount, unit = ""] = /^(\d+(?:\.\d+)?)([mhd])$/.exec(text) ?? [];
  const hours = Number(amount) * (UNITS[unit] ?? Number.NaN);
  if (hours > 0) return hours;
  throw new Problem("bad-input", {
    what: `"${text}" is no length of time`,
    why: "it is a number above 0 and m, h or d",
    next: "write it like 90m, 2h or 3d",
  });
}
