/** Rehearsals on a real control database over the simulated fleet: they end, they clean up, and they go on after a restart. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import { Readable } from "node:stream";
import path from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { RehearsalView } from "../../src/model/rehearsal.ts";
import type { World } from "../../src/model/world.ts";
import type { Site } from "../../src/providers/simulated/site.ts";
import { createSimulatedWorld } from "../../src/providers/simulated/world.ts";
import { systemClock } from "../../src/run/clock.ts";
import { openAlerts } from "../../src/run/alerts.ts";
import { openBackups } from "../../src/run/backups.ts";
import { openCredentialDesk } from "../../src/run/credentials.ts";
import { openCredentials } from "../../src/store/credentials.ts";
import { type ControlPlane, openControlPlane } from "../../src/run/control-plane.ts";
import { type Engine, startEngine } from "../../src/run/engine.ts";
import { openEnvironmentClones } from "../../src/run/environment-clones.ts";
import { openEnvironments } from "../../src/run/environments.ts";
import { openGroups } from "../../src/run/groups.ts";
import { noDefinitions, noTemplates } from "../../src/run/input-ground.ts";
import { openInputs } from "../../src/run/inputs.ts";
import { openScripts } from "../../src/run/scripts.ts";
import { openLibrary } from "../../src/run/template-library.ts";
import { openTemplates } from "../../src/run/templates.ts";
import { openArtefacts } from "../../src/store/artefacts.ts";
import { openLockDesk } from "../../src/run/lock-desk.ts";
import { openLockdown } from "../../src/run/lockdown.ts";
import { openNamesDesk } from "../../src/run/names.ts";
import type { Belongings } from "../../src/run/isolation.ts";
import { openRehearsals } from "../../src/run/rehearsals.ts";
import { openServers } from "../../src/run/servers.ts";
import { steps } from "../../src/steps/registry.ts";
import type { Artefacts } from "../../src/store/artefacts.ts";
import { ensureEmbedded, removeEmbedded } from "../../src/store/embedded.ts";
import { findEnvironment, saveEnvironment } from "../../src/store/environments.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { takeToken } from "../../src/store/tokens.ts";
import { cloneSite, leftOf } from "../laws/clone.ts";
import { picture } from "../laws/picture.ts";
import { bringUp, type ShopSite } from "../laws/run.ts";
import { artefacts, network, shop } from "../laws/shop.ts";
import { nothingElse } from "../laws/nothing-else.ts";
import { openAddresses } from "../../src/run/addresses.ts";

const home = mkdtempSync(path.join(os.tmpdir(), "changeover-rehearsals-"));
const CLONE = "shop-rehearsal";
const wish = { to: "2", failAt: null, at: null, rehearsal: false };
let store: Store;
let engine: Engine;
let plane: ControlPlane;
let live: ShopSite;
let clone: ShopSite;
let before: unknown;
const forgotten: string[] = [];

const belongings: Belongings = { sealed: () => ({ credentials: [], secrets: [] }), inputs: async () => [] };

const siteOf = (environment: string): Site => (environment === CLONE ? clone.site : live.site);

async function worldOf(environment: string, token: number): Promise<World> {
  const site = siteOf(environment);
  return createSimulatedWorld({ site, clock: site.clock, token, origin: live.site });
}

async function begin(): Promise<void> {
  engine = await startEngine({
    store,
    url: store.url,
    steps,
    world: worldOf,
    clock: live.site.clock,
    takeoverMs: 0,
    pausesMs: [5],
  });
  const packed: Artefacts = {
    pack: async (folder) => artefacts[folder.slice(-1) as keyof typeof artefacts],
    read: async () => ({ bytes: 0, open: () => Readable.from([]) }),
  };
  const environments = openEnvironments({
    store,
    artefacts: packed,
    world: async (name) => worldOf(name, 0),
    worldToChange: async (name) => worldOf(name, await takeToken(store)),
    chooseNetwork: async () => "127.1.2",
    survey: async () => ({ records: [], silent: [], foreign: [] }),
    credentials: async () => [],
    launches: { bootOf: async () => undefined },
    forget: (name) => void forgotten.push(name),
    belongings,
  });
  const library = openLibrary({ store, artefacts: openArtefacts(home) });
  const parts = { store, engine, environments, clock: systemClock, world: (name: string) => worldOf(name, 0) };
  const locks = openLockDesk({ store, environments });
  const inputs = {
    ...parts,
    ...{ templates: noTemplates, definitions: noDefinitions },
    ...{ credentials: async () => [], redact: (text: string) => text },
  };
  plane = openControlPlane({
    ...parts,
    locks,
    lockdown: openLockdown({ ...parts, artefacts: packed, locks }),
    credentials: openCredentialDesk(store, openCredentials(home)),
    backups: openBackups(parts),
    addresses: openAddresses(parts),
    servers: openServers({ ...parts, ...nothingElse, inputs, redact: (text) => text }),
    groups: openGroups({ ...parts, ...nothingElse, record: async () => {} }),
    inputs: openInputs(inputs),
    alerts: openAlerts({
      ...parts,
      ...{ boot: 1, credential: () => "", send: nobody, runScript: nobody, record: nobody },
    }),
    names: openNamesDesk({ ...parts, credentials: async () => [] }),
    rehearsals: openRehearsals(parts),
    templates: openTemplates({ store, library, environments, catalogue: () => live.world.provider.catalogue() }),
    scripts: openScripts(parts),
    clones: openEnvironmentClones({ store, environments, belongings, carriers: [] }),
  });
}

const nobody = async (): Promise<void> => {};

const end = async (): Promise<void> => {
  await plane.rehearsals.stop();
  await engine.stop();
};

beforeAll(async () => {
  const { url } = await ensureEmbedded({ home });
  store = await openStore({ url });
  live = await bringUp();
  clone = cloneSite(live, live.site);
  const definitionPath = path.join(home, "environment.yaml");
  writeFileSync(definitionPath, JSON.stringify(shop));
  const saved = { name: "shop", definition: shop, definitionPath };
  await saveEnvironment(store, { ...saved, network });
  before = await picture(live.site, live.world);
  await begin();
}, 60_000);

afterEach(() => {
  forgotten.length = 0;
  Object.assign(clone.site.releases["2"] ?? {}, { migration: "good" });
});

afterAll(async () => {
  await end();
  await store?.close();
  await removeEmbedded({ home });
  rmSync(home, { recursive: true, force: true });
}, 60_000);

const rehearse = (failAt: string | null = null) => plane.rehearsals.start("shop", { to: "2", failAt, by: "someone" });

async function ends(id: string): Promise<RehearsalView> {
  for (let tries = 0; tries < 2_000; tries++) {
    const seen = await plane.rehearsals.find(id);
    if (seen.endedAt !== null) return seen;
    await systemClock.sleep(20);
  }
  throw new Error(`${id} is still ${(await plane.rehearsals.find(id)).state}`);
}

async function reaches(id: string, step: string): Promise<void> {
  for (let tries = 0; tries < 2_000; tries++) {
    const { upgrades } = await plane.rehearsals.find(id);
    for (const upgrade of upgrades) {
      const { stages } = await plane.upgrade(upgrade);
      if (stages.some((stage) => stage.steps.some((one) => one.name === step && one.state !== "waiting"))) return;
    }
    await systemClock.sleep(5);
  }
  throw new Error(`${step} did not begin`);
}

async function expectNothingLeft(): Promise<void> {
  expect(leftOf(clone)).toEqual([]);
  expect(await findEnvironment(store, CLONE)).toBeNull();
  expect(forgotten).toContain(CLONE);
  expect(await picture(live.site, live.world)).toEqual(before);
}

test("nothing is known, so nothing is foretold", async () => {
  const { forecast } = await plane.plan("shop", wish);
  expect(forecast).toMatchObject({ from: null, windowMs: null, databaseBytes: expect.any(Number) });
});

test("a rehearsal that fails says at which step and why, and leaves nothing", async () => {
  Object.assign(clone.site.releases["2"] ?? {}, { migration: "half" });
  const seen = await ends(await rehearse());
  expect(seen).toMatchObject({
    state: "failed",
    problem: { what: expect.stringContaining('(at "Migrate the schema'), why: expect.stringContaining("exit 1") },
  });
  expect(seen.upgrades).toHaveLength(2);
  await expectNothingLeft();
});

test("while the clone is made the original begins nothing; cancelled, the clone goes", async () => {
  const { hash } = await plane.plan("shop", wish);
  const id = await rehearse();
  const refused = [
    plane.start("shop", { planHash: hash, yes: true, by: "someone" }),
    plane.plan("shop", wish),
    plane.takeDown("shop"),
    rehearse(),
  ];
  const answers = await Promise.allSettled(refused);
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => "rejected"));
  await reaches(id, "copy-data");
  await plane.rehearsals.cancel(id, "a person");
  expect(await ends(id)).toMatchObject({ state: "failed", problem: { why: "by a person" }, cancelledBy: "a person" });
  await expect(plane.rehearsals.cancel(id, "a person")).rejects.toThrow("has ended");
  await expectNothingLeft();
});

test("a control plane that goes in the middle leaves a rehearsal that the next one ends, and the forecast is kept", async () => {
  const id = await rehearse();
  for (const step of ["copy-data", "migrate"]) {
    await reaches(id, step);
    await end();
    await begin();
  }
  const seen = await ends(id);
  expect(seen).toMatchObject({ state: "rehearsed", problem: null });
  expect(seen.result?.costs.windowMs).toBeGreaterThan(0);
  expect(seen.result?.costs.diskBytes).toBeGreaterThan(0);
  expect(seen.result?.backupBytes).toBeGreaterThan(0);
  await expectNothingLeft();

  // What was foretold at the start stands in the report beside what came of it.
  const { hash, forecast } = await plane.plan("shop", wish);
  expect(forecast).toMatchObject({ from: "rehearsal", windowMs: expect.any(Number) });
  // A step that was cut short, and found done by the next control plane, was not timed.
  expect(forecast.unknown.length).toBeLessThanOrEqual(2);
  const upgrade = await plane.start("shop", { planHash: hash, yes: true, by: "someone" });
  for (let tries = 0; tries < 2_000 && (await plane.upgrade(upgrade)).state !== "upgraded"; tries++)
    await systemClock.sleep(20);
  const { prediction, truth } = await plane.report(upgrade);
  expect(prediction).toEqual({
    from: "rehearsal",
    windowMs: forecast.windowMs,
    migrationMs: forecast.migrationMs,
    snapshotMs: forecast.snapshotMs,
    diskBytes: forecast.diskBytes,
  });
  for (const [name, measured] of Object.entries(truth)) expect([name, Number(measured) > 0]).toEqual([name, true]);
});
