/** An override: a value at a server or a group, lent to somebody for a time; nobody's upgrade ends while one is open. */
import { z } from "zod";
import { Problem } from "../problem.ts";

export const leaseSchema = z.strictObject({
  /** Who answers for it. */
  by: z.string(),
  why: z.string(),
  /** Milliseconds since 1970. */
  since: z.number(),
  until: z.number(),
});

export type Lease = z.infer<typeof leaseSchema>;

/** One that counts, as people are told of it. */
export interface OpenOverride extends Lease {
  level: "group" | "server";
  owner: string;
  input: string;
}

const HOUR = 3_600_000;
const DEFAULT_HOURS = 24;

/** Of the environment file: the longest lease that anybody may take. */
export const overrideHours = z
  .number()
  .min(0.01)
  .max(365 * 24)
  .default(7 * 24);

/** What lapsed counts at no launch any more, and is shown until somebody drops it. */
export const isOpen = ({ until }: Pick<Lease, "until">, now: number): boolean => until > now;

export function leaseFor(
  asked: { by: string; why: string; hours: number | null },
  { now, longestHours }: { now: number; longestHours: number },
): Lease {
  const { by, why, hours } = asked;
  const wanted = hours ?? Math.min(DEFAULT_HOURS, longestHours);
  const trouble =
    why.trim() === ""
      ? "it has no reason, so nobody else could tell whether it may go"
      : wanted > 0 && wanted <= longestHours
        ? null
        : `${wanted} h is not between 0 and ${longestHours} h, the longest that policy.longestOverrideHours allows`;
  if (trouble === null) return { by, why, since: now, until: now + Math.round(wanted * HOUR) };
  throw new Problem("bad-input", {
    what: "the value can't be lent to a server or a group like this",
    why: trouble,
    next: 'changeover inputs set … --why "what it is for" --for 2h; or set it for the whole environment',
  });
}

/** "2 h old, ends in 22 h", "3 d old, lapsed 2 d ago". */
export const drawLease = ({ since, until }: Pick<Lease, "since" | "until">, now: number): string =>
  `${drawTime(now - since)} old, ${until > now ? `ends in ${drawTime(until - now)}` : `lapsed ${drawTime(now - until)} ago`}`;

function drawTime(ms: number): string {
  if (ms < 2 * HOUR) return `${Math.max(0, Math.round(ms / 60_000))} min`;
  return ms < 48 * HOUR ? `${Math.round(ms / HOUR)} h` : `${Math.round(ms / (24 * HOUR))} d`;
}

export const drawOverride = ({ level, owner, input, by, why, ...lease }: OpenOverride, now: number): string =>
  `${input} of ${level} "${owner}", overridden by ${by} (${why}), ${drawLease(lease, now)}`;
