/** When an upgrade may cost the public something: weekly windows in a time zone of their own, and freezes. Pure. */
import { z } from "zod";

export const DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] as const;
const dayNumber = (name: string): number => (DAYS as readonly string[]).indexOf(name);

export const time = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time of day, like "02:00"');
export const instant = z.iso.datetime({
  offset: true,
  error: "must be a time with its zone, like 2026-12-20T02:00:00+01:00",
});

export const zone = z.string().refine(isZone, "must be a time zone, like Europe/Berlin").default("UTC");

export const windowSchema = z.strictObject({
  days: z.array(z.enum(DAYS)).min(1).describe("days on which it opens"),
  from: time.describe("by the clocks of its zone"),
  to: time.describe("not later than `from`: on the next day"),
  zone,
});

export const freezeSchema = z.strictObject({
  from: instant,
  to: instant,
  why: z.string().min(1).max(200).describe("told to whoever is refused"),
});

type Window = z.infer<typeof windowSchema>;
type Freeze = z.infer<typeof freezeSchema>;

export interface Calendar {
  /** None means: at any time. */
  windows: readonly Window[];
  freezes: readonly Freeze[];
}

const MINUTE = 60_000;

/** Why nothing may begin at this instant, or null. */
export function whyShut({ windows, freezes }: Calendar, at: number): string | null {
  const freeze = freezes.find(({ from, to }) => Date.parse(from) <= at && at < Date.parse(to));
  if (freeze) return `frozen until ${new Date(freeze.to).toISOString()}: ${freeze.why}`;
  if (windows.length === 0 || windows.some((window) => isOpen(window, at))) return null;
  return `${new Date(at).toISOString()} is outside of ${windows.map(wordsOf).join(" and of ")}`;
}

/** By the clocks on the wall there: an hour that they skip is no part of a window, one that they show twice is both times. */
export function isOpen({ days, from, to, zone }: Window, at: number): boolean {
  const { day, minute } = wallClock(zone, at);
  const [start, end] = [minutesOf(from), minutesOf(to)];
  const opensOn = (which: number): boolean => days.some((name) => dayNumber(name) === which);
  if (start < end) return opensOn(day) && start <= minute && minute < end;
  return (opensOn(day) && minute >= start) || (opensOn((day + 6) % 7) && minute < end);
}

/** The first full minute from `after` on at which nothing is shut; null when there is none within the time. */
export function nextOpening(calendar: Calendar, after: number, withinMs: number): number | null {
  for (let at = Math.ceil(after / MINUTE) * MINUTE; at <= after + withinMs; at += MINUTE) {
    if (whyShut(calendar, at) === null) return at;
  }
  return null;
}

export const wordsOf = ({ days, from, to, zone }: Window): string => `${days.join(", ")} ${from}–${to} ${zone}`;

const minutesOf = (text: string): number => Number(text.slice(0, 2)) * 60 + Number(text.slice(3));

const clocks = new Map<string, Intl.DateTimeFormat>();

function clockOf(zone: string): Intl.DateTimeFormat {
  const known = clocks.get(zone);
  if (known) return known;
  const made = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone,
    weekday: "short",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  clocks.set(zone, made);
  return made;
}

/** `day` counts from Sunday, `minute` from midnight. */
function wallClock(zone: string, at: number): { day: number; minute: number } {
  const parts = new Map(
    clockOf(zone)
      .formatToParts(at)
      .map(({ type, value }) => [type, value]),
  );
  const day = dayNumber(parts.get("weekday")?.toLowerCase() ?? "");
  return { day, minute: Number(parts.get("hour")) * 60 + Number(parts.get("minute")) };
}

function isZone(zone: string): boolean {
  try {
    return Boolean(new Intl.DateTimeFormat("en", { timeZone: zone }));
  } catch {
    return false;
  }
}
