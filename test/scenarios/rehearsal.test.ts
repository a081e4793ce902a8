/** The story of a rehearsal on the simulated fleet: a clone comes, is upgraded and goes, and the original never notices. */
import { expect, test } from "vitest";
import { takeTogether } from "../laws/rehearsed.ts";
import { bringCloneUp, clonePlan, leftOf, takeCloneDown, upgradePlan } from "../laws/clone.ts";
import { run } from "../laws/run.ts";

test("a clone is brought up with the original's data and accounts of its own, upgraded, and taken down", async () => {
  const story = await takeTogether();
  const { live, clone } = story;
  expect((await bringCloneUp(clone, await clonePlan(live))).end).toEqual({ state: "upgraded" });
  const copied = clone.site.database("db-1");
  expect(copied.history.rows.length).toBeGreaterThan(10);
  expect(live.site.database("db-1").history.rows.slice(0, copied.history.rows.length)).toEqual(copied.history.rows);
  expect([copied.openedBy, clone.site.database("db-2").openedBy]).toEqual(["shop-rehearsal", "shop-rehearsal"]);

  const ran = await run(clone, await upgradePlan(clone), { upgrade: "u-major" });
  expect(ran.end).toEqual({ state: "upgraded" });
  expect(clone.site.database("db-1").history.schema).toEqual(["rows", "split", "rename"]);
  await takeCloneDown(clone);
  expect(leftOf(clone)).toEqual([]);
  await story.expectUntouched();
});

test("the rehearsed upgrade fails where it would fail on the original, and nothing of it is left", async () => {
  const story = await takeTogether();
  const { live, clone } = story;
  Object.assign(clone.site.releases["2"] ?? {}, { migration: "half" });
  expect((await bringCloneUp(clone, await clonePlan(live))).end).toEqual({ state: "upgraded" });
  const { end, entries } = await run(clone, await upgradePlan(clone), { upgrade: "u-major" });
  expect(end).toMatchObject({ state: "rolled-back", reason: { what: "the migration failed" } });
  expect(entries.find(({ result }) => result === "failed")?.step).toBe("migrate");
  await takeCloneDown(clone);
  expect(leftOf(clone)).toEqual([]);
  await story.expectUntouched();
});

test.each(["lend-replica", "copy-data", "return-replica", "renew-accounts", "assert-isolated", "start-role"])(
  "a clone that fails at %s is gone, and the original is as before",
  async (failAt) => {
    const story = await takeTogether();
    const { end } = await bringCloneUp(story.clone, await clonePlan(story.live, failAt));
    expect(end.state).toBe("rolled-back");
    expect(leftOf(story.clone)).toEqual([]);
    await story.expectUntouched();
  },
);

test("what leads from the clone to the original stops it before its application is installed", async () => {
  for (const value of ["127.1.1.10", "simulated-shop-database.app"]) {
    const story = await takeTogether();
    const plan = JSON.parse(
      JSON.stringify(await clonePlan(story.live)).replaceAll(
        '"inputs":{}',
        JSON.stringify({ inputs: { FEED: value } }).slice(1, -1),
      ),
    );
    const { end, entries } = await bringCloneUp(story.clone, plan);
    expect(end).toMatchObject({ state: "rolled-back", reason: { why: expect.stringContaining("input FEED holds") } });
    expect(JSON.stringify(end)).not.toContain("simulated-shop-database.app");
    expect(entries.map(({ step }) => step)).not.toContain("install-release");
    expect(leftOf(story.clone)).toEqual([]);
    await story.expectUntouched();
  }
});

test("a control plane that dies at any moment of the cloning: the next one goes on, and the original is as before", async () => {
  const first = await takeTogether();
  const { moments } = await bringCloneUp(first.clone, await clonePlan(first.live));
  const telling = (moments[0] ?? []).flatMap((moment, at) => (/^(after|record|intent) /.test(moment) ? [at] : []));
  expect(telling.length).toBeGreaterThan(80);
  for (const at of telling.filter((_, turn) => turn % 3 === 0)) {
    const story = await takeTogether();
    const { end } = await bringCloneUp(story.clone, await clonePlan(story.live), { deaths: [at] });
    expect(end, `died at ${moments[0]?.[at]}`).toEqual({ state: "upgraded" });
    await takeCloneDown(story.clone);
    expect(leftOf(story.clone)).toEqual([]);
    await story.expectUntouched();
  }
}, 60_000);
