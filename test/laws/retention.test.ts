/** The law of retention: over any calendar it keeps what the written rule keeps, and never what people would miss first. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Keep, type Retainable, retained } from "../../src/model/retention.ts";

const DAY = 24 * 3_600_000;
const NOW = Date.UTC(2030, 5, 12, 15, 30);

const keeps: fc.Arbitrary<Keep> = fc.record({
  last: fc.nat(4),
  daily: fc.nat(5),
  weekly: fc.nat(4),
  monthly: fc.nat(4),
  yearly: fc.nat(3),
});

/** Over two years back, thick near today, with days, weeks and months that have none. */
const calendars: fc.Arbitrary<Retainable[]> = fc
  .array(
    fc.record({
      ago: fc.oneof(fc.nat(3 * DAY), fc.nat(40 * DAY), fc.nat(800 * DAY)),
      verified: fc.constantFrom(true, true, true, false),
      inUse: fc.constantFrom(false, false, false, false, true),
    }),
    { maxLength: 40 },
  )
  .map((all) => all.map(({ ago, ...one }, number) => ({ ...one, id: `b-${number}`, takenAt: NOW - ago })));

/** The Monday that a day belongs to, walked to day by day. */
function monday(at: number): string {
  const day = new Date(at);
  while (day.getUTCDay() !== 1) day.setUTCDate(day.getUTCDate() - 1);
  return day.toISOString().slice(0, 10);
}

/** The rule again, said as slowly as a person would check it with a paper calendar. */
function byHand(backups: readonly Retainable[], keep: Keep, now: number): Set<string> {
  const day = (at: number) => new Date(at).toISOString().slice(0, 10);
  const periods: [number, (at: number) => string, (name: string) => boolean][] = [
    [keep.daily, day, (name) => name !== day(now)],
    [keep.weekly, monday, () => true],
    [keep.monthly, (at) => day(at).slice(0, 7), () => true],
    [keep.yearly, (at) => day(at).slice(0, 4), () => true],
  ];
  const good = backups.filter(({ verified }) => verified);
  const older = (one: Retainable, other: Retainable) =>
    one.takenAt < other.takenAt || (one.takenAt === other.takenAt && one.id < other.id);
  const rank = (one: Retainable) => good.filter((other) => older(one, other)).length;
  const kept = new Set<string>();
  for (const one of good) {
    if (rank(one) < keep.last || rank(one) === 0) kept.add(one.id);
    for (const [count, nameOf, counts] of periods) {
      const name = nameOf(one.takenAt);
      const newestOfIt = good.every((other) => nameOf(other.takenAt) !== name || other === one || older(other, one));
      const later = new Set(
        good.map(({ takenAt }) => nameOf(takenAt)).filter((other) => other > name && counts(other)),
      );
      if (counts(name) && newestOfIt && later.size < count) kept.add(one.id);
    }
  }
  const newest = good.find((one) => rank(one) === 0);
  for (const one of backups) {
    const waits = !one.verified && (newest === undefined || one.takenAt >= newest.takenAt);
    if (one.inUse || waits) kept.add(one.id);
  }
  return kept;
}

const runs = { numRuns: 400, seed: 12 };

test("it keeps exactly what the rule keeps, in whatever order the backups are listed", () => {
  fc.assert(
    fc.property(calendars, keeps, (backups, keep) => {
      const kept = retained(backups, keep, NOW);
      expect([...kept].sort()).toEqual([...byHand(backups, keep, NOW)].sort());
      expect(retained([...backups].reverse(), keep, NOW)).toEqual(kept);
    }),
    runs,
  );
});

test("the newest proven one and those of an unfinished upgrade are never among what goes", () => {
  fc.assert(
    fc.property(calendars, (backups) => {
      const nothing = { last: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0 };
      const kept = retained(backups, nothing, NOW);
      const proven = backups.filter(({ verified }) => verified).map(({ takenAt }) => takenAt);
      if (proven.length > 0) {
        const newest = Math.max(...proven);
        expect(backups.some(({ id, takenAt, verified }) => verified && takenAt === newest && kept.has(id))).toBe(true);
      } else expect(kept.size).toBe(backups.length);
      for (const { id, inUse } of backups) if (inUse) expect(kept.has(id)).toBe(true);
    }),
    runs,
  );
});

test("what was never proven changes nothing for what was", () => {
  fc.assert(
    fc.property(calendars, keeps, (backups, keep) => {
      const proven = backups.filter(({ verified }) => verified);
      const kept = retained(backups, keep, NOW);
      expect([...kept].filter((id) => proven.some((one) => one.id === id)).sort()).toEqual(
        [...retained(proven, keep, NOW)].sort(),
      );
    }),
    runs,
  );
});

test("pruning after every backup ends where pruning once at the end does: nothing is missed tomorrow", () => {
  const moments = fc.array(fc.nat(90 * DAY), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(moments, keeps, (at, keep) => {
      const start = NOW - 90 * DAY;
      const taken = [...new Set(at)].sort((left, right) => left - right).map((after) => start + after);
      const all = taken.map((takenAt, number) => ({ id: `b-${number}`, takenAt, verified: true, inUse: false }));
      let shelf: Retainable[] = [];
      for (const one of all) {
        shelf = [...shelf, one];
        const stay = retained(shelf, keep, one.takenAt);
        shelf = shelf.filter(({ id }) => stay.has(id));
      }
      const stay = retained(shelf, keep, NOW);
      expect([...stay].sort()).toEqual([...retained(all, keep, NOW)].sort());
    }),
    runs,
  );
});

test("with one a day for three years, the defaults keep three weeks thickly and three months thinly", () => {
  const days = Array.from({ length: 3 * 365 }, (_, day) => day);
  const all = days.map((day) => ({ id: `d-${day}`, takenAt: NOW - day * DAY, verified: true, inUse: false }));
  const kept = retained(all, { last: 7, daily: 7, weekly: 4, monthly: 3, yearly: 0 }, NOW);
  // 12 June 2030 is a Wednesday: eight days, three Sundays before them, the ends of April and May.
  const wanted = [0, 1, 2, 3, 4, 5, 6, 7, 10, 17, 12, 43].map((day) => `d-${day}`);
  expect([...kept].sort()).toEqual(wanted.sort());
});
