/** The law of the schedule: on any calendar of busy times and failures a backup is never late for nothing, and never in a loop. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { SimulatedClock } from "../../src/providers/simulated/clock.ts";
import { createSchedule, type SchedulePorts } from "../../src/run/schedule.ts";
import { dueAt } from "../../src/model/schedule.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const TICK = 15_000;
const DURATION = 4 * MINUTE;

interface Calendar {
  everyHours: number;
  /** From, to, in hours: an upgrade is under way. */
  busy: [number, number][];
  /** From, to, in hours: whatever is tried fails. */
  broken: [number, number][];
  suspended: [number, number][];
}

const spans = fc.array(
  fc
    .tuple(fc.double({ min: 0, max: 90, noNaN: true }), fc.double({ min: 0, max: 12, noNaN: true }))
    .map(([from, long]): [number, number] => [from, from + long]),
  { maxLength: 3 },
);
const calendars: fc.Arbitrary<Calendar> = fc.record({
  everyHours: fc.constantFrom(0.5, 1, 6, 24),
  busy: spans,
  broken: spans,
  suspended: spans,
});

interface World {
  clock: SimulatedClock;
  started: number[];
  newestAt: number | null;
  looked: number;
  within(list: [number, number][]): boolean;
  ports(): SchedulePorts;
}

/** One environment, and as many control planes as ask for ports. */
function worldOf({ everyHours, busy, broken, suspended }: Calendar): World {
  const clock = new SimulatedClock({ startsAt: Date.UTC(2030, 0, 1), auto: false });
  const begin = clock.now();
  let running = -1;
  let locked = false;
  const tries: { at: number; good: boolean }[] = [];
  const world: World = {
    clock,
    started: [],
    newestAt: null,
    looked: 0,
    within: (list) => list.some(([from, to]) => clock.now() >= begin + from * HOUR && clock.now() < begin + to * HOUR),
    ports: () => ({
      clock,
      wished: async () => [{ environment: "live", everyMs: everyHours * HOUR }],
      busy: async () => world.within(busy) || clock.now() < running,
      tries: async () => tries.filter(({ at }) => at + DURATION <= clock.now()),
      async look() {
        world.looked += 1;
        if (world.within(broken)) throw new Error("it does not answer");
        return { newestAt: world.newestAt, suspended: world.within(suspended) };
      },
      async alone(_environment, work) {
        if (locked) return false;
        locked = true;
        await work().finally(() => {
          locked = false;
        });
        return true;
      },
      async take() {
        const at = clock.now();
        expect(world.within(busy) || at < running, "never beside something else").toBe(false);
        expect(world.within(suspended), "never while it is suspended").toBe(false);
        world.started.push(at);
        running = at + DURATION;
        const good = !world.within(broken);
        tries.unshift({ at, good });
        clock.after(DURATION, () => {
          if (good) world.newestAt = at;
        });
      },
      async failed() {
        tries.unshift({ at: clock.now() - DURATION, good: false });
      },
    }),
  };
  return world;
}

const DAYS = 3;
const runs = { numRuns: 20, seed: 9 };

async function live(calendar: Calendar, planes: number, each: (world: World) => void): Promise<World> {
  const world = worldOf(calendar);
  const ticks = Array.from({ length: planes }, () => createSchedule(world.ports()));
  for (let at = 0; at < DAYS * 24 * HOUR; at += TICK * 4) {
    await Promise.all(ticks.map((tick) => tick()));
    each(world);
    await world.clock.advance(TICK * 4);
  }
  return world;
}

test("a backup is never older than the schedule allows while nothing stands in its way", {
  timeout: 60_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(calendars, async (calendar) => {
      let free = 0;
      await live(calendar, 1, (world) => {
        const hindered = [calendar.busy, calendar.broken, calendar.suspended].some((list) => world.within(list));
        free = hindered ? 0 : free + TICK * 4;
        const age = world.newestAt === null ? Number.POSITIVE_INFINITY : world.clock.now() - world.newestAt;
        // After a bad time it waits no longer than the longest pause and one look at the servers.
        const patience = Math.min(6 * HOUR, calendar.everyHours * HOUR) + 10 * MINUTE + 3 * DURATION;
        if (free > patience) expect(age).toBeLessThanOrEqual(calendar.everyHours * HOUR + patience);
      });
    }),
    runs,
  );
});

test("tries are never closer than the pause, and after failures further and further apart", {
  timeout: 60_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(calendars, async (calendar) => {
      const { started } = await live({ ...calendar, busy: [], suspended: [] }, 1, () => {});
      for (const [number, at] of started.entries()) {
        const before = started[number - 1];
        if (before !== undefined) expect(at - before).toBeGreaterThanOrEqual(5 * MINUTE);
      }
    }),
    runs,
  );
  const world = await live({ everyHours: 24, busy: [], broken: [[0, 24 * DAYS]], suspended: [] }, 1, () => {});
  expect(world.started).toEqual([]);
  // 5, 10, 20 … minutes, then every six hours: some looks in three days, not thousands.
  expect(world.looked).toBeLessThan(25);
  expect(world.looked).toBeGreaterThan(12);
});

test("several control planes start no more than one would", { timeout: 60_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(calendars, async (calendar) => {
      const [alone, shared] = [await live(calendar, 1, () => {}), await live(calendar, 3, () => {})];
      expect(shared.started.length).toBeLessThanOrEqual(alone.started.length + 1);
    }),
    { ...runs, numRuns: 15 },
  );
});

test("a backup that somebody took counts, and the first one is due at once", () => {
  const everyMs = 24 * HOUR;
  expect(dueAt({ everyMs, newestAt: null, tries: [] })).toBe(0);
  expect(dueAt({ everyMs, newestAt: 1_000, tries: [] })).toBe(1_000 + everyMs);
  const failed = (count: number) => Array.from({ length: count }, () => ({ at: 0, good: false }));
  expect([1, 2, 3, 8, 30].map((count) => dueAt({ everyMs, newestAt: null, tries: failed(count) }) / MINUTE)).toEqual([
    5, 10, 20, 360, 360,
  ]);
  expect(dueAt({ everyMs: 0.5 * HOUR, newestAt: null, tries: failed(9) })).toBe(0.5 * HOUR);
  const afterGood = [{ at: 0, good: false }, { at: -1, good: true }, ...failed(5)];
  expect(dueAt({ everyMs, newestAt: null, tries: afterGood })).toBe(5 * MINUTE);
});
