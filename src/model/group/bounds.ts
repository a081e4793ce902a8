/** How small and how large a scaling group may be at a moment: what people set, else its schedule, else its file. Pure. */
import { DAYS } from "../windows.ts";
import type { GroupSettings, ScheduledChange, Span } from "./settings.ts";

/** Set by people; null where nobody did. */
export interface SetByPeople {
  min: number | null;
  max: number | null;
}

export interface Bounds extends Span {
  /** Whose they are, in words. */
  from: string;
  /** When the schedule changes them next; null when nothing does. */
  until: number | null;
}

const DAY = 24 * 3_600_000;
const MINUTE = 60_000;

/** The upper one wins: it is what keeps a fleet from running away. */
export function boundsAt(settings: GroupSettings, set: SetByPeople, now: number): Bounds {
  const current = lastChange(settings.schedule, now);
  const base = current?.change ?? settings;
  const max = set.max ?? base.max;
  const min = Math.min(set.min ?? base.min, max);
  const own = current ? `the schedule of ${wordsOf(current.change)}` : "the environment file";
  const people = set.min !== null || set.max !== null;
  const until = nextChange(settings.schedule, now);
  return { min, max, from: people ? `what people set, else ${own}` : own, until };
}

const wordsOf = ({ days, at, zone }: ScheduledChange): string => `${days.join(", ")} ${at} ${zone}`;

/** The change that came last; of two at the same moment the later one in the file. */
function lastChange(schedule: readonly ScheduledChange[], now: number): { at: number; change: ScheduledChange } | null {
  const past = schedule.flatMap((change) => {
    const times = momentsOf(change, now).filter((at) => at <= now);
    return times.length > 0 ? [{ at: Math.max(...times), change }] : [];
  });
  return past.reduce<(typeof past)[number] | null>((last, one) => (last && last.at > one.at ? last : one), null);
}

function nextChange(schedule: readonly ScheduledChange[], now: number): number | null {
  const coming = schedule.flatMap((change) => momentsOf(change, now).filter((at) => at > now));
  return coming.length > 0 ? Math.min(...coming) : null;
}

/** Its moments of a week before and after. An hour that the clocks skip moves it; one that they show twice is the second. */
function momentsOf({ days, at, zone }: ScheduledChange, now: number): number[] {
  const today = Math.floor((now + offsetOf(zone, now)) / DAY) * DAY;
  const minutes = Number(at.slice(0, 2)) * 60 + Number(at.slice(3));
  return Array.from({ length: 17 }, (_, day) => today + (day - 8) * DAY)
    .filter((day) => days.some((name) => DAYS.indexOf(name) === new Date(day).getUTCDay()))
    .map((day) => instantOf(zone, day + minutes * MINUTE));
}

/** `wall` is what the clocks there show, written as if it were UTC. */
function instantOf(zone: string, wall: number): number {
  const about = wall - offsetOf(zone, wall);
  return wall - offsetOf(zone, about);
}

const clocks = new Map<string, Intl.DateTimeFormat>();

/** What is to be added to an instant to have the clocks' time there. */
function offsetOf(zone: string, at: number): number {
  if (zone === "UTC") return 0;
  const known = clocks.get(zone);
  const clock = known ?? new Intl.DateTimeFormat("en-GB", { timeZone: zone, ...DATE_AND_TIME });
  if (!known) clocks.set(zone, clock);
  const parts = new Map(clock.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
  const [year, month, day] = (["year", "month", "day"] as const).map((part) => parts.get(part) ?? 0);
  const shown = Date.UTC(year ?? 0, (month ?? 1) - 1, day ?? 1, parts.get("hour"), parts.get("minute"));
  return shown - Math.floor(at / MINUTE) * MINUTE;
}

const DATE_AND_TIME = {
  year: "numeric",
  month: "2-digit",
  day: "2-digit",
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
} as const;
