/** The laws of forecasts: sums of what was measured, unknown where nobody has measured, and never less for more data. */
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { measuredCosts } from "../../src/model/costs.ts";
import type { Plan } from "../../src/model/plan.ts";
import type { JournalEntry } from "../../src/model/upgrade.ts";
import { forecast, type PastRun } from "../../src/plan/forecast.ts";
import { likenessOf } from "../../src/plan/likeness.ts";
import { steps } from "../../src/steps/registry.ts";
import { bringCloneUp, clonePlan, upgradePlan } from "./clone.ts";
import { takeTogether } from "./rehearsed.ts";
import { planUpgrade, run } from "./run.ts";

let live: Plan;
let onClone: Plan;
let other: Plan;
let rehearsed: PastRun;
let wentBack: PastRun;

const MB = 1_000_000;

beforeAll(async () => {
  const story = await takeTogether();
  await bringCloneUp(story.clone, await clonePlan(story.live));
  [live, other] = [await planUpgrade(story.live), await planUpgrade(story.live, "3")];
  const failing = await upgradePlan(story.clone, "2", "smoke-test");
  const back = await run(story.clone, failing, { upgrade: "u-back" });
  expect(back.end.state).toBe("rolled-back");
  wentBack = { rehearsal: true, plan: failing, entries: back.entries, databaseBytes: 10 * MB };
  onClone = await upgradePlan(story.clone);
  const ran = await run(story.clone, onClone, { upgrade: "u-major" });
  expect(ran.end.state).toBe("upgraded");
  rehearsed = { rehearsal: true, plan: onClone, entries: ran.entries, databaseBytes: 10 * MB };
});

const indexesOf = (plan: Plan) => {
  let index = 0;
  return plan.stages.map(({ parallel, steps: all }) => ({
    parallel,
    all: all.map((step) => ({ ...step, index: index++ })),
  }));
};

/** A run in which each step took what the list says, in turn. */
const lasting = (plan: Plan, durations: readonly number[], leaveOut = ""): PastRun => ({
  rehearsal: false,
  plan,
  databaseBytes: 10 * MB,
  entries: indexesOf(plan).flatMap(({ all }) =>
    all
      .filter(({ step }) => step !== leaveOut)
      .map(({ step, index }) => ({
        direction: "apply" as const,
        index,
        step,
        result: "done" as const,
        foundDone: false,
        durationMs: durations[index % durations.length] ?? 0,
      })),
  ) as JournalEntry[],
});

const durations = fc.array(fc.nat(60_000), { minLength: 7, maxLength: 40 });

test("a plan and its rehearsal on a clone are the same plan; another release or command makes another one", () => {
  expect(likenessOf(onClone)).toBe(likenessOf(live));
  expect(likenessOf(wentBack.plan)).not.toBe(likenessOf(live));
  expect(likenessOf(other)).not.toBe(likenessOf(live));
  const changed = JSON.parse(JSON.stringify(live).replaceAll('migrate [\\"2\\"]', 'migrate [\\"3\\"]')) as Plan;
  expect(likenessOf(changed)).not.toBe(likenessOf(live));
});

test("what was rehearsed is what is expected, and what was measured is what was rehearsed", () => {
  const said = forecast(live, [rehearsed], 10 * MB);
  const costs = measuredCosts(onClone, rehearsed.entries);
  expect(said).toMatchObject({ from: "rehearsal", unknown: [] });
  expect([said.migrationMs, said.snapshotMs, said.diskBytes]).toEqual([
    costs.migrationMs,
    costs.snapshotMs,
    costs.diskBytes,
  ]);
  // Between two steps no simulated time passes.
  expect(said.windowMs).toBe(costs.windowMs);
  expect(said.windowMs).toBeGreaterThan(1_000);
  expect(said.diskBytes).toBeGreaterThan(10_000);
});

test("the whole is the sum of its stages, a stage the sum or the longest of its steps", () => {
  fc.assert(
    fc.property(durations, (times) => {
      const said = forecast(live, [lasting(live, times)], 10 * MB);
      const took = ({ step, index }: { step: string; index: number }) =>
        step === "gate" ? 0 : (times[index % times.length] ?? 0);
      const wanted = indexesOf(live).map(({ parallel, all }) =>
        parallel ? Math.max(...all.map(took)) : all.map(took).reduce((left, right) => left + right, 0),
      );
      expect(said.stages.map(({ expectedMs }) => expectedMs)).toEqual(wanted);
      expect(said.totalMs).toBe(wanted.reduce((left, right) => left + right, 0));
      expect(said.windowMs).toBeLessThanOrEqual(said.totalMs ?? 0);
      expect(said.from).toBe("past upgrades");
    }),
    { numRuns: 50, seed: 1 },
  );
});

test("what nobody has timed is unknown, and so is every sum over it", () => {
  const nothing = forecast(live, [], 10 * MB);
  expect(nothing).toMatchObject({ from: null, totalMs: null, windowMs: null, migrationMs: null, diskBytes: null });
  const inside = ["swap-pools", "fence-database", "migrate", "smoke-test"];
  for (const step of inside) {
    const said = forecast(live, [lasting(live, [100, 200], step)], 10 * MB);
    expect([step, said.totalMs, said.windowMs]).toEqual([step, null, null]);
    expect(said.unknown).toEqual(
      live.stages.flatMap((stage) => stage.steps.filter((one) => one.step === step).map(({ says }) => says)),
    );
  }
  const outside = forecast(live, [lasting(live, [100, 200], "launch-standby")], 10 * MB);
  expect(outside.totalMs).toBeNull();
  expect(outside.windowMs).not.toBeNull();
});

test("a migration is known only for its own release, all else also from other upgrades", () => {
  const said = forecast(other, [rehearsed], 10 * MB);
  expect(said.from).toBe("past upgrades");
  expect(said.unknown).toEqual([
    expect.stringContaining("Migrate the schema on the copy"),
    expect.stringContaining("Migrate the schema on"),
  ]);
  expect([said.windowMs, said.migrationMs]).toEqual([null, null]);
  expect(said.snapshotMs).toBe(forecast(live, [rehearsed], 10 * MB).snapshotMs);
});

test("more data is never expected to take less, and only steps that copy take more", () => {
  fc.assert(
    fc.property(durations, fc.nat(1_000 * MB), fc.nat(1_000 * MB), (times, one, another) => {
      const [less, more] = [Math.min(one, another), Math.max(one, another)].map((bytes) =>
        forecast(live, [lasting(live, times)], bytes),
      );
      const pairs = (less?.stages ?? []).map((stage, at) => [stage.expectedMs, more?.stages[at]?.expectedMs] as const);
      for (const [before, after] of pairs) expect(after ?? -1).toBeGreaterThanOrEqual(before ?? 0);
      expect(more?.windowMs ?? -1).toBeGreaterThanOrEqual(less?.windowMs ?? 0);
    }),
    { numRuns: 50, seed: 1 },
  );
  const [before, after] = [10 * MB, 30 * MB].map((bytes) => forecast(live, [lasting(live, [1_000])], bytes));
  for (const [at, { parallel, steps: all }] of live.stages.entries()) {
    if (parallel) continue;
    const copies = all.filter(({ step }) => steps.get(step)?.grows).length;
    expect((after?.stages[at]?.expectedMs ?? 0) - (before?.stages[at]?.expectedMs ?? 0)).toBe(copies * 2_000);
  }
});

test("the way back is unknown until one was timed; then it grows with each stage and ends where the site is reopened", () => {
  const unknown = forecast(live, [rehearsed], 10 * MB).stages.map(({ wayBackMs }) => wayBackMs);
  expect(unknown.every((ms) => ms === null)).toBe(true);
  const known = forecast(live, [rehearsed, wentBack], 10 * MB).stages.map(({ wayBackMs }) => wayBackMs);
  const reopens = live.stages.findIndex((stage) => stage.steps.some(({ step }) => step === "reopen"));
  expect(known.slice(reopens)).toEqual(known.slice(reopens).map(() => null));
  const open = known.slice(0, reopens).map((ms) => ms ?? -1);
  expect(open).toEqual([...open].sort((left, right) => left - right));
  expect(open[0]).toBeGreaterThan(-1);
});
