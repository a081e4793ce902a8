/** The story of a scaling group on a real control database over the simulated fleet: votes, a broken release, people. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import { Readable } from "node:stream";
import path from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { stringify } from "yaml";
import type { Activity } from "../../src/model/activity.ts";
import { type EnvironmentDefinition, environmentSchema } from "../../src/model/environment.ts";
import { createSimulatedWorld } from "../../src/providers/simulated/world.ts";
import { systemClock } from "../../src/run/clock.ts";
import { type Engine, startEngine } from "../../src/run/engine.ts";
import { type Environments, openEnvironments } from "../../src/run/environments.ts";
import { createGroupLoop } from "../../src/run/group-loop.ts";
import { type GroupName, type Groups, openGroups } from "../../src/run/groups.ts";
import { type LockDesk, openLockDesk } from "../../src/run/lock-desk.ts";
import { steps } from "../../src/steps/registry.ts";
import { ensureEmbedded, removeEmbedded } from "../../src/store/embedded.ts";
import { saveEnvironment } from "../../src/store/environments.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { takeToken } from "../../src/store/tokens.ts";
import { findUpgrade } from "../../src/store/upgrades.ts";
import { castVote, takeBackVote } from "../../src/store/votes.ts";
import { drawGroup } from "../../src/view/groups.ts";
import { groupNow } from "../laws/grown.ts";
import { bringUp, type ShopSite } from "../laws/run.ts";
import { artefacts, network, shop } from "../laws/shop.ts";
import { nothingElse } from "../laws/nothing-else.ts";

const home = mkdtempSync(path.join(os.tmpdir(), "changeover-groups-"));
const file = path.join(home, "environment.yaml");
const BURST: GroupName = { environment: "shop", group: "burst" };
let store: Store;
let engine: Engine;
let environments: Environments;
let groups: Groups;
let locks: LockDesk;
let live: ShopSite;
let look: () => Promise<void>;
let told: Omit<Activity, "at">[] = [];

const worldOf = async (token: number) => createSimulatedWorld({ site: live.site, clock: live.site.clock, token });

/** Without calm, so that the story needs no waiting; the laws are about that. */
const withGroup = (more: Record<string, unknown>): EnvironmentDefinition =>
  environmentSchema.parse({
    ...shop,
    application: {
      ...shop.application,
      group: { name: "burst", size: 1, min: 1, max: 3, growBy: 1, calmSeconds: 0, enabled: true, ...more },
    },
  });

async function save(definition: EnvironmentDefinition): Promise<void> {
  writeFileSync(file, stringify(definition));
  await saveEnvironment(store, { name: "shop", definition, definitionPath: file, network });
}

beforeAll(async () => {
  const { url } = await ensureEmbedded({ home });
  store = await openStore({ url });
  live = await bringUp();
  for (const release of Object.keys(artefacts)) mkdirSync(path.join(home, `release-${release}`));
  await save(withGroup({}));
  const clock = live.site.clock;
  const world = (_name: string, token: number) => worldOf(token);
  engine = await startEngine({ store, url, steps, world, clock, takeoverMs: 0, pausesMs: [5] });
  environments = openEnvironments({
    store,
    artefacts: {
      pack: async (folder) => artefacts[folder.slice(-1) as keyof typeof artefacts],
      read: async () => ({ bytes: 0, open: () => Readable.from([]) }),
    },
    world: () => worldOf(0),
    worldToChange: async () => worldOf(await takeToken(store)),
    chooseNetwork: async () => network.prefix,
    ...nothingElse,
  });
  const record = async (done: Omit<Activity, "at">): Promise<void> => void told.push(done);
  const parts = { ...nothingElse, store, engine, environments, clock: systemClock, world: () => worldOf(0), record };
  groups = openGroups(parts);
  locks = openLockDesk(parts);
  look = createGroupLoop(parts, groups);
}, 60_000);

afterEach(async () => {
  told = [];
  await store.query("delete from changeover.votes");
});

afterAll(async () => {
  await engine?.stop();
  await store?.close();
  await removeEmbedded({ home });
  rmSync(home, { recursive: true, force: true });
}, 60_000);

async function ends(upgrade: string | null | undefined): Promise<string> {
  for (let tries = 0; tries < 2_000; tries++) {
    const state = (await findUpgrade(store, upgrade ?? ""))?.state;
    if (state === "upgraded" || state === "rolled-back" || state === "stuck") return state;
    await systemClock.sleep(10);
  }
  throw new Error(`${upgrade} does not end`);
}

/** What one look starts, carried out to its end; null when it started nothing. */
async function lookOnce(): Promise<string | null> {
  const before = told.length;
  await look();
  const upgrade = told.slice(before).find((one) => one.upgrade !== null)?.upgrade;
  return upgrade ? ends(upgrade) : null;
}

/** Half a minute and more go by after what failed. */
const letTimePass = () =>
  store.query(
    "update changeover.upgrades set ended_at = ended_at - interval '1 hour', created_at = created_at - interval '1 hour'",
  );

const names = async () => (await groupNow(live)).has;
const vote = (voter: string, wish: "grow" | "shrink") =>
  castVote(store, { ...BURST, voter, vote: wish, at: Date.now() });

test("most of the voters want it to grow: it grows by one, and says why", async () => {
  expect(await lookOnce(), "nobody votes").toBeNull();
  await vote("busy burst-1", "grow");
  await vote("gone burst-9", "shrink");
  expect(await lookOnce()).toBe("upgraded");
  expect(await names()).toEqual(["burst-1", "burst-2"]);
  expect(told).toEqual([
    {
      by: "group burst",
      environment: "shop",
      upgrade: expect.stringMatching(/^u-/),
      says: "launch 1: 1 of 1 want it to grow, 0 to shrink (100 %): it is to grow",
      problem: null,
    },
  ]);
  expect(await lookOnce(), "one of two is too few").toBeNull();
  const [view] = await groups.list("shop");
  expect(view?.votes.ballots).toContainEqual(expect.objectContaining({ not: 'there is no server "burst-9"' }));
  expect(view?.next.because).toBe("1 of 2 want it to grow, 0 to shrink (50 %); 51 % one way are needed");
  expect((await environments.drift("shop")).drift, "another size than the file's first one is no drift").toEqual([]);
});

test("they want it to shrink: the oldest is drained and goes, and never below the least", async () => {
  for (const voter of ["idle burst-1", "idle burst-2"]) await vote(voter, "shrink");
  expect(await lookOnce()).toBe("upgraded");
  expect(await names()).toEqual(["burst-2"]);
  expect(await lookOnce()).toBeNull();
  expect((await groups.show(BURST)).next.because).toContain("and 1 is the least by the environment file");
});

test("a release that does not start is launched three times, then the group disables itself and stays so", async () => {
  Object.assign(live.site.releases["1"] ?? {}, { web: "dies" });
  await vote("busy burst-2", "grow");
  const seen: (string | null)[] = [];
  for (let looks = 0; looks < 8; looks++) {
    seen.push(await lookOnce());
    await letTimePass();
  }
  expect(seen).toEqual(["rolled-back", "rolled-back", "rolled-back", null, null, null, null, null]);
  expect(await names()).toEqual(["burst-2"]);
  const view = await groups.show(BURST);
  expect(view).toMatchObject({ enabled: false, by: "group burst", failures: 3 });
  expect(view.next.because).toBe("disabled by group burst: 3 launches in a row failed: launching more would not help");
  expect(told.at(-1)?.says).toBe("disable itself: 3 launches in a row failed: launching more would not help");
});

test("disabled it keeps what it has: one that a person terminates stays gone; enabled it is back at its least", async () => {
  Object.assign(live.site.releases["1"] ?? {}, { web: "good" });
  await vote("busy burst-2", "grow");
  expect(await lookOnce()).toBeNull();
  expect(await ends(await groups.launch(BURST, { servers: 2, by: "ann" })), "by hand it may").toBe("upgraded");
  expect(await names()).toEqual(["burst-1", "burst-2", "burst-3"]);
  await expect(groups.launch(BURST, { servers: 1, by: "ann" })).rejects.toThrow(
    "it has 3, and 1 more are beyond 3, the most by the environment file",
  );
  expect(await ends(await groups.terminate(BURST, { servers: 3, by: "ann" }))).toBe("upgraded");
  for (let looks = 0; looks < 3; looks++) expect(await lookOnce()).toBeNull();
  expect(await names()).toEqual([]);
  expect((await environments.drift("shop")).drift).toEqual([]);
  await groups.setEnabled(BURST, { enabled: true, by: "ann", reason: "" });
  expect(await lookOnce()).toBe("upgraded");
  expect(await names()).toEqual(["burst-1"]);
  expect(told.at(-1)?.says).toBe("launch 1: 0 of at least 1 serve, by the environment file");
  await expect(groups.terminate(BURST, { servers: ["burst-1"], by: "ann" })).rejects.toThrow("would launch another");
});

test("an environment that is locked, or in an upgrade, keeps its group as it is; the upgrade takes its size along", async () => {
  await vote("busy burst-1", "grow");
  await locks.lock("shop", null, { by: "ann", reason: "audit" });
  expect(await lookOnce()).toBeNull();
  expect((await groups.show(BURST)).next.because).toBe("the environment is locked by ann: audit");
  await expect(groups.launch(BURST, { servers: 1, by: "ann" })).rejects.toThrow("locked by ann: audit");
  await locks.unlock("shop", null);
  expect(await lookOnce()).toBe("upgraded");

  const { plan } = await environments.planUpgrade("shop", { to: "2", failAt: null, at: null, rehearsal: true });
  const upgrade = await engine.startUpgrade(plan, { yes: true, by: "ann" });
  for (const voter of ["busy burst-1", "busy burst-2"]) await vote(voter, "grow");
  expect(await lookOnce(), "beside an upgrade").toBeNull();
  expect((await groups.show(BURST)).next.because).toMatch(new RegExp(`^major "${upgrade}" is `));
  await expect(groups.launch(BURST, { servers: 1, by: "ann" })).rejects.toThrow(upgrade);
  expect(await ends(upgrade)).toBe("upgraded");
  expect(await names()).toEqual(["burst-3", "burst-4"]);
  expect((await environments.drift("shop")).drift).toEqual([]);
  expect(await lookOnce(), "the votes were those of servers that are gone").toBeNull();
  for (const voter of ["busy burst-3", "busy burst-4"]) await vote(voter, "grow");
  expect(await lookOnce()).toBe("upgraded");
  expect((await groupNow(live)).inventory.applications.every(({ installed }) => installed?.release === "2")).toBe(true);
});

test("bounds: people's win until they are reset, the file's are taken over, and beyond them nothing stays", async () => {
  expect(await groups.setBounds(BURST, { max: 2 })).toMatchObject({
    bounds: { min: 1, max: 2, from: "what people set, else the environment file" },
  });
  expect(await lookOnce(), "three are too many").toBe("upgraded");
  expect(await names()).toHaveLength(2);
  await expect(groups.setBounds(BURST, { min: 3 })).rejects.toThrow("at least 3 and at most 2 can't be");
  await expect(groups.setBounds(BURST, { max: 500 })).rejects.toThrow(
    "has room for 79 servers beside the 1 fixed ones",
  );
  expect(await groups.setBounds(BURST, { min: null, max: null })).toMatchObject({ bounds: { min: 1, max: 3 } });
  const text = stringify(withGroup({ size: 2, min: 2, max: 4 }));
  writeFileSync(file, text);
  expect((await environments.save(text, file)).plan).toBeNull();
  expect(await groups.show(BURST)).toMatchObject({ bounds: { min: 2, max: 4 } });
  const wide = stringify(withGroup({ max: 500 }));
  await expect(environments.save(wide, file)).rejects.toThrow("its network has room for 79 servers of a group");
});

test("it is deleted when it is disabled and empty, and a file without it is taken then, not before", async () => {
  const { group: _, ...application } = withGroup({}).application;
  const without = stringify({ ...withGroup({}), application });
  await expect(groups.delete(BURST)).rejects.toThrow("it is enabled");
  await expect(environments.save(without, file)).rejects.toThrow('its group "burst" is enabled');
  await groups.setEnabled(BURST, { enabled: false, by: "ann", reason: "not needed" });
  await expect(groups.delete(BURST)).rejects.toThrow(/it is disabled by ann: not needed, but has burst-\d, burst-\d/);
  await expect(environments.save(without, file)).rejects.toThrow(/its group "burst" has burst-\d, burst-\d/);
  expect(await ends(await groups.terminate(BURST, { servers: 2, by: "ann" }))).toBe("upgraded");
  expect(drawGroup(await groups.show(BURST))).toEqual([
    'shop: group "burst" disabled, 0 servers (0 operational) of 2 to 4; next: nothing: disabled by ann: not needed',
    "  bounds    2 to 4 by the environment file",
    "  votes     0 of 0 want it to grow, 0 to shrink (0 %); 51 % one way are needed",
    "  failures  0 of 3 launches in a row",
    expect.stringMatching(/^ {2}changed {3}20/),
  ]);
  await groups.delete(BURST);
  expect(await groups.list("shop")).toEqual([]);
  await expect(groups.show(BURST)).rejects.toThrow('environment "shop" has no scaling group "burst"');
  expect((await environments.save(without, file)).plan).toBeNull();
  // And back: it begins empty, and as its file says.
  expect((await environments.save(stringify(withGroup({ enabled: false })), file)).plan).toBeNull();
  expect(await groups.show(BURST)).toMatchObject({ enabled: false, servers: [], by: null });
  await takeBackVote(store, "shop", "burst", "nobody");
});

test("what can't be looked at is told once, and let alone for a while", async () => {
  await groups.setEnabled(BURST, { enabled: true, by: "ann", reason: "" });
  const loop = createGroupLoop(
    { store, clock: systemClock, record: async (done) => void told.push(done) },
    { wants: () => Promise.reject(new Error("no route to it")), act: async () => {} },
  );
  for (let looks = 0; looks < 3; looks++) await loop();
  expect(told).toEqual([
    { by: "group burst", environment: "shop", upgrade: null, says: "an unexpected error", problem: "no route to it" },
  ]);
});
