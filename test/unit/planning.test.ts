/** Planning as the control plane does it: a real control database and real files, over the simulated shop. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { stringify } from "yaml";
import type { EnvironmentDefinition } from "../../src/model/environment.ts";
import type { Plan } from "../../src/model/plan.ts";
import { SimulatedClock } from "../../src/providers/simulated/clock.ts";
import { Site } from "../../src/providers/simulated/site.ts";
import { createSimulatedWorld } from "../../src/providers/simulated/world.ts";
import { type Environments, openEnvironments } from "../../src/run/environments.ts";
import { type LockDesk, openLockDesk } from "../../src/run/lock-desk.ts";
import { openArtefacts } from "../../src/store/artefacts.ts";
import { ensureEmbedded, removeEmbedded } from "../../src/store/embedded.ts";
import { replaceInputs } from "../../src/store/inputs.ts";
import { savePlan } from "../../src/store/plans.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { insertUpgrade, setState, takeUpgrade } from "../../src/store/upgrades.ts";
import { nextToken, run, type ShopSite } from "../laws/run.ts";
import { network, releases, shop } from "../laws/shop.ts";

const home = mkdtempSync(path.join(os.tmpdir(), "changeover-planning-"));
const file = path.join(home, "shop.yaml");
const written: EnvironmentDefinition = {
  ...structuredClone(shop),
  announcement: "{environment} goes from {from} to {to}, for {minutes} minutes from {start} on.",
};
let store: Store;
let environments: Environments;
let locks: LockDesk;
let site: Site;

const shopSite = (): ShopSite => ({
  site,
  world: createSimulatedWorld({ site, clock: site.clock, token: nextToken() }),
});

function write(change: Partial<EnvironmentDefinition> = {}): string {
  const text = stringify({ ...written, ...change });
  writeFileSync(file, text);
  return text;
}

/** As the engine would have left it. */
async function record(id: string, environment: string, plan: Plan): Promise<void> {
  const planHash = await savePlan(store, plan);
  await insertUpgrade(store, { id, environment, planHash, options: { yes: true }, askedBy: "a test", boot: 1 });
  await setState(store, id, await takeUpgrade(store, id), "upgraded");
}

const planTo = (to: string, at: string | null = null) =>
  environments.planUpgrade("shop", { to, failAt: null, at, rehearsal: false });
const resultOf = async (name: string, to = "2") =>
  (await planTo(to)).guards.find((guard) => guard.name === name)?.result;

beforeAll(async () => {
  for (const name of ["1", "2", "3"]) {
    mkdirSync(path.join(home, `release-${name}`));
    writeFileSync(path.join(home, `release-${name}`, "version"), name);
  }
  const { url } = await ensureEmbedded({ home });
  store = await openStore({ url });
  site = new Site({ definition: written, clock: new SimulatedClock(), releases: releases() });
  environments = openEnvironments({
    store,
    artefacts: openArtefacts(home),
    world: async () => shopSite().world,
    worldToChange: async () => shopSite().world,
    chooseNetwork: async () => network.prefix,
    survey: async () => ({ records: [], silent: [], foreign: [] }),
    credentials: async () => [],
    launches: { bootOf: async () => undefined },
    forget: () => {},
    belongings: { sealed: () => ({ credentials: [], secrets: [] }), inputs: async () => [] },
  });
  locks = openLockDesk({ store, environments });
  const { plan } = await environments.save(write(), file);
  if (!plan) throw new Error("it is up already");
  expect((await run(shopSite(), plan, { upgrade: "u-up" })).end.state).toBe("upgraded");
  await record("u-up", "shop", plan);
}, 60_000);

afterAll(async () => {
  await store?.close();
  await removeEmbedded({ home });
  rmSync(home, { recursive: true, force: true });
}, 60_000);

test("a plan comes with every guard's word and the announcement", async () => {
  const { guards, announcement, plan } = await planTo("2");
  expect(plan.to).toBe("2");
  expect(guards.filter(({ result }) => result !== "holds").map(({ name }) => name)).toEqual(["a backup is verified"]);
  expect(announcement).toMatch(/^shop goes from 1 to 2, for 15 minutes from .+ \(UTC\) on\.$/);
});

test("a lock refuses upgrades, changes of the file and down, with its reason, until it is taken away", async () => {
  const lock = await locks.lock("shop", null, { by: "anna", reason: "audit until Friday" });
  expect((await locks.list("shop")).locks).toEqual([lock]);
  await expect(locks.lock("shop", null, { by: "ben", reason: "mine" })).rejects.toThrow("locked by anna");
  const refusal = /locked by anna since .*: audit until Friday · changeover unlock shop/;
  await expect(planTo("2")).rejects.toThrow(refusal);
  await expect(environments.takeDown("shop")).rejects.toThrow(refusal);
  await expect(environments.save(write({ limits: { ...shop.limits, keepSeconds: 9 } }), file)).rejects.toThrow(refusal);
  expect(await environments.save(write(), file)).toEqual({ name: "shop", plan: null, warnings: [] });
  expect(await locks.unlock("shop", null)).toEqual(lock);
  await expect(locks.unlock("shop", null)).rejects.toThrow("is not locked");
  expect((await planTo("2")).plan.to).toBe("2");
});

test("an input that is lent to a server refuses a plan until it is dropped, or its time is over", async () => {
  const lease = { by: "anna", why: "a trial", since: site.clock.now(), until: site.clock.now() + 3_600_000 };
  const place = { level: "server" as const, owner: "app-1" };
  await replaceInputs(store, "shop", [{ place, input: "MODE", value: { text: "trial" }, lease }]);
  await expect(planTo("2")).rejects.toThrow(
    /"no input is overridden": MODE of server "app-1", overridden by anna \(a trial\).* · changeover inputs promote shop/,
  );
  await replaceInputs(store, "shop", [
    { place, input: "MODE", value: { text: "trial" }, lease: { ...lease, until: site.clock.now() } },
  ]);
  expect(await resultOf("no input is overridden")).toBe("holds");
  await replaceInputs(store, "shop", []);
});

test("a file that was changed and not taken over is drift, and so is one that is gone", async () => {
  expect((await environments.drift("shop")).drift).toEqual([]);
  write({ limits: { ...shop.limits, keepSeconds: 9 } });
  expect((await environments.drift("shop")).drift).toMatchObject([{ where: file, seen: "limits.keepSeconds changed" }]);
  await expect(planTo("2")).rejects.toThrow(`limits.keepSeconds changed`);
  rmSync(file);
  await expect(planTo("2")).rejects.toThrow("it is gone, or can't be read");
  write();
  expect((await environments.drift("shop")).drift).toEqual([]);
});

test("a long transaction and a replica that is late by position are found in the databases", async () => {
  const [primary, replica] = [site.database("db-1"), site.database("db-2")];
  primary.transactions.push({ since: site.clock.now() - 31_000, user: "shop" });
  await expect(planTo("2")).rejects.toThrow('guard "no transaction is open for long": on db-1: shop for 31 s');
  primary.transactions.pop();
  replica.lagMs = 3_600_000;
  primary.write({ kind: "put", key: "w-late" }, "application");
  await expect(planTo("2")).rejects.toThrow(
    /guard "the replica is in sync": db-2 did not reach position .* within 3 s/,
  );
  replica.lagMs = 20;
  primary.write({ kind: "put", key: "w-soon" }, "application");
  expect(await resultOf("the replica is in sync")).toBe("holds");
});

test("an environment with a staging needs the same plan to have ended well there", async () => {
  await environments.save(write({ staging: "stage" }), file);
  await expect(planTo("2")).rejects.toThrow('ended well on "stage" · changeover upgrade stage --to 2');
  await environments.save(write(), file);
  const { plan } = await planTo("2");
  await record("u-stage", "stage", { ...plan, environment: "stage" });
  await environments.save(write({ staging: "stage" }), file);
  expect(await resultOf("staging has accepted the plan")).toBe("holds");
  await expect(planTo("3")).rejects.toThrow('ended well on "stage"');
  await environments.save(write(), file);
});

test("a release that has served never changes", async () => {
  const { plan } = await planTo("2");
  expect((await run(shopSite(), plan, { upgrade: "u-one" })).end.state).toBe("upgraded");
  await record("u-one", "shop", plan);
  expect(await resultOf("the release has not changed", "1")).toBe("holds");
  writeFileSync(path.join(home, "release-1", "version"), "1, mended");
  await expect(planTo("1")).rejects.toThrow(/release 1 served as \w+ and now packs to \w+; a release never changes/);
  writeFileSync(path.join(home, "release-2", "version"), "2, mended");
  await expect(planTo("2")).rejects.toThrow(/release 2 is what serves now.*; guard "the release has not changed"/);
  // The snapshots of the upgrade were started and compared.
  expect(await resultOf("a backup is verified", "3")).toBe("holds");
});

test("a window that was named is in the plan, and the same wish gives the same plan", async () => {
  const at = new Date(site.clock.now() + 3_600_000).toISOString();
  const { plan, hash } = await planTo("3", at);
  const [step] = plan.stages.flatMap(({ steps }) => steps).filter((one) => one.step === "await-window");
  expect(step?.input).toEqual({ at, windows: [], freezes: [] });
  expect((await planTo("3", at)).hash).toBe(hash);
  expect((await planTo("3")).hash).not.toBe(hash);
  await expect(planTo("3", "2001-01-01T00:00:00.000Z")).rejects.toThrow("is over");
});
