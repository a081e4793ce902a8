/** The story of a staging environment on the simulated fleet: it comes up with a backup of the live shop, which never notices. */
import { expect, test } from "vitest";
import { isVerified } from "../../src/model/backup.ts";
import { planHash } from "../../src/model/plan.ts";
import { heldBackups } from "../../src/steps/parts/held-backups.ts";
import { drawPlan } from "../../src/view/plan-text.ts";
import { leftOf } from "../laws/clone.ts";
import { tellingMoments } from "../laws/moments.ts";
import { picture, servingDatabase } from "../laws/picture.ts";
import { run } from "../laws/run.ts";
import { staging, takeStage } from "../laws/staged.ts";

test("it comes up with the rows of the backup, accounts of its own and a first backup in its own lineage", async () => {
  const { place, plan, live, backup, expectUntouched } = await takeStage();
  const { end, entries } = await run(place, plan, { upgrade: "u-up" });
  expect(end).toEqual({ state: "upgraded" });
  const copied = place.site.database("db-1");
  expect([copied.openedBy, place.site.database("db-2").openedBy]).toEqual(["staging", "staging"]);
  const rows = live.site.database("db-1").history.rows;
  const held = copied.history.rows.filter((row) => rows.includes(row));
  expect(held).toEqual(rows.slice(0, held.length));
  expect(held).toHaveLength(backup.verified?.rows ?? -1);
  expect(rows.length).toBeGreaterThan(held.length);

  const [first, ...others] = await heldBackups(place.world);
  expect(others).toEqual([]);
  expect(first?.backup).toMatchObject({ id: "u-up-backup", lineage: "staging" });
  expect(first && isVerified(first.backup)).toBe(true);
  expect((await heldBackups(live.world)).map((one) => [one.backup.id, one.backup.lineage])).toEqual([
    [backup.id, "shop"],
  ]);

  // What is written there is written nowhere else.
  servingDatabase(place.site)?.write({ kind: "put", key: "only-in-staging" }, "application");
  expect(live.site.databases().flatMap(({ history }) => history.rows)).not.toContain("only-in-staging");
  await expectUntouched();

  const happened = entries.map(
    ({ direction, result, says }) => `${direction} ${result === "done" ? "✓" : "✗"} ${says}`,
  );
  const hash = planHash(plan);
  const story = [...drawPlan(plan, hash).map((line) => line.replace(hash, "(its hash)")), "", ...happened, ""];
  await expect(story.join("\n")).toMatchFileSnapshot("from-backup.story.txt");
});

test("for disaster recovery its backups are of the live shop's lineage", async () => {
  const recovery = {
    ...staging,
    backups: { ...staging.backups, lineage: "shop" },
    isolation: { ...staging.isolation, sameLineage: "disaster recovery" },
  };
  const { place, plan, expectUntouched } = await takeStage(recovery);
  expect((await run(place, plan, { upgrade: "u-up" })).end).toEqual({ state: "upgraded" });
  expect((await heldBackups(place.world)).map((one) => one.backup.lineage)).toEqual(["shop"]);
  await expectUntouched();
});

test("what came to be shared since it was planned stops it before anything is launched", async () => {
  const { place, plan, live, expectUntouched } = await takeStage({
    ...staging,
    hosts: { ...staging.hosts, test: "SHOP.test" },
  });
  const { end, entries } = await run(place, plan, { upgrade: "u-up" });
  expect(end).toMatchObject({
    state: "rolled-back",
    reason: { kind: "refused", why: 'host name shop.test: hosts.test here, hosts.public of "shop"' },
  });
  expect(entries.map(({ step }) => step)).not.toContain("launch-server");
  expect(leftOf(place)).toEqual([]);
  expect(live.site.fleet.environment("staging").servers.size).toBe(0);
  await expectUntouched();
});

test("a pool that got a member of the live shop stops it before its application is installed", async () => {
  const { place, plan, live, expectUntouched } = await takeStage();
  const there = live.site.loadBalancer("lb-1").address.replace(/\d+$/, "80");
  const { end, entries } = await run(place, plan, {
    upgrade: "u-up",
    watch(moment) {
      if (!moment.startsWith("after renew the accounts")) return;
      const { members } = place.site.loadBalancer("lb-1");
      const stray = { server: "app-9", address: there, port: 8000, state: "ready" as const, healthy: false };
      members.a.push({ ...stray, flights: new Set(), misses: null } as unknown as (typeof members.a)[number]);
    },
  });
  expect(end).toMatchObject({ state: "rolled-back", reason: { why: `pool a on "lb-1" has "app-9" at ${there}` } });
  expect(entries.map(({ step }) => step)).not.toContain("install-release");
  expect(leftOf(place)).toEqual([]);
  await expectUntouched();
});

test("a backup that rotted meanwhile is seen, and nothing of the environment is left", async () => {
  const { place, plan, live, backup } = await takeStage();
  const held = live.site.database("db-2").backups.get(backup.id);
  const [first] = held?.backup.content?.tables ?? [];
  if (first) first.sum = "another";
  const { end } = await run(place, plan, { upgrade: "u-up" });
  expect(end).toMatchObject({ state: "rolled-back", reason: { why: expect.stringContaining("with other values") } });
  expect(leftOf(place)).toEqual([]);
  // Nobody wrote down there that it failed: what lies at the live shop is only read.
  expect(live.site.database("db-2").backups.get(backup.id)?.backup.failed).toBeNull();
});

test("every step can fail, and nothing of it is left", async () => {
  const { plan } = await takeStage();
  const names = new Set(plan.stages.flatMap(({ steps }) => steps.map(({ step }) => step)));
  for (const failAt of [...names].filter((name) => name !== "reopen")) {
    const stage = await takeStage();
    const { end } = await run(stage.place, { ...stage.plan, failAt }, { upgrade: "u-up" });
    expect(end.state, failAt).toBe("rolled-back");
    expect(leftOf(stage.place), failAt).toEqual([]);
    await stage.expectUntouched();
  }
}, 60_000);

test("a control plane that dies at any moment of it: the next one goes on, and the live shop is as before", async () => {
  const first = await takeStage();
  const wanted = await run(first.place, first.plan, { upgrade: "u-up" });
  const after = await picture(first.place.site, first.place.world);
  const telling = tellingMoments(wanted.moments);
  expect(telling.length).toBeGreaterThan(60);
  for (const at of telling.filter((_, turn) => turn % 4 === 0)) {
    const stage = await takeStage();
    const { end } = await run(stage.place, stage.plan, { upgrade: "u-up", deaths: [at] });
    expect(end, `died at ${wanted.moments[0]?.[at]}`).toEqual({ state: "upgraded" });
    expect(await picture(stage.place.site, stage.place.world), `died at ${wanted.moments[0]?.[at]}`).toEqual(after);
    await stage.expectUntouched();
  }
}, 60_000);
