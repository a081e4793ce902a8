/** Simulated time stands still until somebody waits or moves it. */
import { expect, test } from "vitest";
import { SimulatedClock } from "../../src/providers/simulated/clock.ts";

test("told to advance, it does what is due in order, and no more", async () => {
  const clock = new SimulatedClock({ startsAt: 1_000, auto: false });
  const seen: string[] = [];
  const note = (text: string) => () => void seen.push(`${text} at ${clock.now()}`);
  void clock.sleep(300).then(note("late"));
  void clock.sleep(100).then(note("early"));
  clock.after(200, note("between"));
  await clock.advance(250);
  expect(seen).toEqual(["early at 1100", "between at 1200"]);
  expect(clock.now()).toBe(1_250);
  await clock.advance(50);
  expect(seen.at(-1)).toBe("late at 1300");
});

test("by itself it jumps to whatever is waited for, and work that waits in turn is in order", async () => {
  const clock = new SimulatedClock({ startsAt: 0 });
  const seen: number[] = [];
  const walk = async (every: number) => {
    for (let step = 0; step < 3; step += 1) {
      await clock.sleep(every);
      seen.push(clock.now());
    }
  };
  await Promise.all([walk(3_600_000), walk(1_000)]);
  expect(seen).toEqual([1_000, 2_000, 3_000, 3_600_000, 7_200_000, 10_800_000]);
});

test("what goes on for ever in the background does not move it", async () => {
  const clock = new SimulatedClock({ startsAt: 0 });
  const tick = (): void => void clock.after(20, tick);
  tick();
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  expect(clock.now()).toBe(0);
  await clock.sleep(50);
  expect(clock.now()).toBe(50);
});

test("a sleep that is aborted ends with the reason", async () => {
  const clock = new SimulatedClock({ auto: false });
  const reason = new Error("enough");
  const abort = new AbortController();
  const asleep = clock.sleep(1_000, abort.signal);
  abort.abort(reason);
  await expect(asleep).rejects.toBe(reason);
  await expect(clock.sleep(1, AbortSignal.abort(reason))).rejects.toBe(reason);
});
