/** When the new release does worse than the old one: errors, latency, trouble in the logs. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Sample, whyMoreTrouble, whyWorse } from "../../src/model/comparison.ts";

const usual = { errorsPercent: 0.5, slowerTimes: 1.5, slowerMs: 20 };
const sample = (answers: number, errors: number, latencyMs: number | null = null): Sample => ({
  answers,
  errors,
  latencyMs,
});

test.each([
  ["no errors at all", sample(1000, 0, 10), sample(50, 0, 10), null],
  ["one error alone", sample(1000, 0), sample(50, 1), null],
  ["two in a few", sample(1000, 0), sample(50, 2), "4.0 % (2 in 50)"],
  ["as many as before", sample(1000, 100), sample(50, 5), null],
  ["more than before", sample(1000, 100), sample(100, 12), "10.0 % (100 in 1000)"],
  ["as slow as is allowed", sample(1000, 0, 10), sample(50, 0, 35), null],
  ["slower than that", sample(1000, 0, 10), sample(50, 0, 36), "36 ms to answer, the old one 10 ms"],
  ["nobody knows how slow", sample(1000, 0, null), sample(50, 0, 9_000), null],
])("%s", (_what, old, now, why) => {
  const found = whyWorse(old, now, usual);
  if (why === null) expect(found).toBeNull();
  else expect(found).toContain(why);
});

const samples = fc
  .record({ answers: fc.nat(100_000), part: fc.double({ min: 0, max: 1, noNaN: true }), latencyMs: fc.nat(10_000) })
  .map(({ answers, part, latencyMs }) => sample(answers, Math.floor(answers * part), latencyMs));

test("whoever does exactly as before is never worse, and fewer errors never make it worse", () => {
  fc.assert(
    fc.property(samples, samples, fc.nat(100), (old, now, fewer) => {
      expect(whyWorse(old, old, usual)).toBeNull();
      const better = { ...now, errors: Math.max(0, now.errors - fewer) };
      if (whyWorse(old, now, usual) === null) expect(whyWorse(old, better, usual)).toBeNull();
    }),
  );
});

test("lines of trouble count per answer, and a few are no sign", () => {
  const before = { lines: 10, answers: 1000 };
  expect(whyMoreTrouble({ lines: 0, answers: 1000 }, { lines: 2, answers: 0 }, 0.5)).toBeNull();
  expect(whyMoreTrouble(before, { lines: 3, answers: 100 }, 0.5)).toBeNull();
  expect(whyMoreTrouble(before, { lines: 30, answers: 100 }, 0.5)).toBe(
    "30 lines of trouble in 100 answers since the switch, 10 in 1000 before it",
  );
});
