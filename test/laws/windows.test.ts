/** The law of windows: open by the clocks on the wall there, over midnight and over every change of the clocks. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { announce, startIn, unknownPlace } from "../../src/model/announcement.ts";
import { isOpen, nextOpening, whyShut, windowSchema } from "../../src/model/windows.ts";

const MINUTE = 60_000;
const DAY = 24 * 60;
const DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] as const;
const instants = fc.integer({
  min: Date.parse("2025-01-01T00:00:00Z") / 1000,
  max: Date.parse("2030-01-01T00:00:00Z") / 1000,
});
const times = fc.tuple(fc.nat(23), fc.nat(59)).map(([hour, minute]) => clock(hour * 60 + minute));
const windowsIn = (...zones: string[]) =>
  fc.record({
    days: fc.subarray([...DAYS], { minLength: 1 }),
    from: times,
    to: times,
    zone: fc.constantFrom(...zones),
  });

function clock(minutes: number): string {
  return `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
}
const minutesOf = (text: string): number => Number(text.slice(0, 2)) * 60 + Number(text.slice(3));
type Window = ReturnType<typeof windowSchema.parse>;

/** How many minutes of a day of UTC's calendar, widened by a day on each side, a window is open. */
function openMinutes(window: Window, day: string): number {
  const midnight = Date.parse(`${day}T00:00:00Z`);
  let open = 0;
  for (let minute = -DAY; minute < 2 * DAY; minute++) if (isOpen(window, midnight + minute * MINUTE)) open++;
  return open;
}

/** Zones that never changed their clocks in these years: plain sums say what the walls show. */
const OFFSETS: Record<string, number> = { UTC: 0, "Asia/Kolkata": 330, "America/Phoenix": -420, "Asia/Tokyo": 540 };

test("where clocks are never changed, a window is what sums say", () => {
  fc.assert(
    fc.property(windowsIn(...Object.keys(OFFSETS)), instants, (window, seconds) => {
      const wall = Math.floor(seconds / 60) + (OFFSETS[window.zone] ?? 0);
      const minute = wall % DAY;
      // The first of January 1970 was a Thursday.
      const day = (Math.floor(wall / DAY) + 4) % 7;
      const [from, to] = [minutesOf(window.from), minutesOf(window.to)];
      const lasts = to > from ? to - from : to - from + DAY;
      const opened = [0, 1].some((back) => {
        const since = minute - from + back * DAY;
        return window.days.includes(DAYS[(day - back + 7) % 7] ?? "sun") && since >= 0 && since < lasts;
      });
      expect(isOpen(window, seconds * 1000)).toBe(opened);
    }),
    { numRuns: 2_000, seed: 1 },
  );
});

test("a window over midnight is the evening of its day and the morning of the next", () => {
  fc.assert(
    fc.property(windowsIn("Europe/Berlin", "America/New_York", "Australia/Lord_Howe"), instants, (window, seconds) => {
      fc.pre(minutesOf(window.from) > minutesOf(window.to) && window.to !== "00:00");
      const evening = { ...window, to: "00:00" };
      const nextDays = window.days.map((name) => DAYS[(DAYS.indexOf(name) + 1) % 7] ?? "sun");
      const morning = { ...window, days: nextDays, from: "00:00" };
      const at = seconds * 1000;
      expect(isOpen(window, at)).toBe(isOpen(evening, at) || isOpen(morning, at));
    }),
    { numRuns: 2_000, seed: 2 },
  );
});

test.each([
  ["an ordinary night", "2026-03-22", 360, 60],
  ["the night that lacks an hour", "2026-03-29", 300, 0],
  ["the night that has one twice", "2026-10-25", 420, 120],
])("in %s the walls decide how long a window is", (_what, sunday, night, hour) => {
  const window = (from: string, to: string) => windowSchema.parse({ days: ["sun"], from, to, zone: "Europe/Berlin" });
  expect(openMinutes(window("00:00", "06:00"), sunday)).toBe(night);
  expect(openMinutes(window("02:00", "03:00"), sunday)).toBe(hour);
  // Those whose walls were not touched.
  expect(openMinutes(window("04:00", "05:00"), sunday)).toBe(60);
});

test("the next opening is open, and nothing before it is", () => {
  const calendars = fc.record({
    windows: fc.array(windowsIn("Europe/Berlin", "UTC"), { maxLength: 2 }),
    frozenDays: fc.nat(5),
  });
  fc.assert(
    fc.property(calendars, instants, ({ windows, frozenDays }, seconds) => {
      const after = seconds * 1000;
      const iso = (at: number) => new Date(at).toISOString();
      const freezes = [{ from: iso(after - MINUTE), to: iso(after + frozenDays * DAY * MINUTE), why: "a sale" }];
      const calendar = { windows, freezes };
      const opens = nextOpening(calendar, after, 14 * DAY * MINUTE);
      // A window of one day of the week opens within a week, if no change of the clocks skips it.
      if (opens === null) return;
      expect(whyShut(calendar, opens)).toBe(null);
      expect(opens).toBeGreaterThanOrEqual(after);
      for (let at = opens - MINUTE; at >= Math.max(after, opens - 120 * MINUTE); at -= MINUTE)
        expect(whyShut(calendar, at)).not.toBe(null);
      if (frozenDays > 0) expect(opens).toBeGreaterThanOrEqual(after + frozenDays * DAY * MINUTE);
    }),
    { numRuns: 60, seed: 3 },
  );
});

test("nothing opens before its time, and without windows and freezes everything is open", () => {
  expect(whyShut({ windows: [], freezes: [] }, 0)).toBe(null);
  const never = windowSchema.parse({ days: ["mon"], from: "02:00", to: "03:00", zone: "UTC" });
  const tuesday = Date.parse("2026-06-09T00:00:00Z");
  expect(nextOpening({ windows: [never], freezes: [] }, tuesday, 5 * DAY * MINUTE)).toBe(null);
});

test.each([
  [{ days: ["caturday"], from: "02:00", to: "06:00" }],
  [{ days: ["sat"], from: "2:00", to: "06:00" }],
  [{ days: ["sat"], from: "02:00", to: "24:00" }],
  [{ days: ["sat"], from: "02:00", to: "06:00", zone: "Europe/Atlantis" }],
  [{ days: [], from: "02:00", to: "06:00" }],
])("%j is no window", (window) => {
  expect(windowSchema.safeParse(window).success).toBe(false);
});

test("an announcement has every place filled and nothing else changed", () => {
  const facts = { environment: "live", from: "1", to: "2", start: startIn("Europe/Berlin", 0), minutes: "15" };
  const text = "{environment}: {from} → {to}, {start}, about {minutes} min. {environment}";
  // Which commas a date has, the platform decides.
  expect(facts.start).toMatch(/^Thursday.* 1 January 1970.* 01:00 \(Europe\/Berlin\)$/);
  expect(announce(text, facts)).toBe(`live: 1 → 2, ${facts.start}, about 15 min. live`);
  expect(unknownPlace(text)).toBe(undefined);
  expect(unknownPlace("see {url}")).toBe("url");
});
