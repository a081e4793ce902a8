/** Clones as the control plane makes and launches them: real files and a real control database, over simulated shops. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { stringify } from "yaml";
import { parseEnvironment } from "../../src/model/environment-file.ts";
import { isUnedited } from "../../src/model/isolation/clone-file.ts";
import { type Sealed, seal } from "../../src/model/isolation/footprint.ts";
import { Site } from "../../src/providers/simulated/site.ts";
import { createSimulatedWorld } from "../../src/providers/simulated/world.ts";
import { openBackups } from "../../src/run/backups.ts";
import type { Engine } from "../../src/run/engine.ts";
import { type CloneWish, type EnvironmentClones, openEnvironmentClones } from "../../src/run/environment-clones.ts";
import { type Environments, openEnvironments } from "../../src/run/environments.ts";
import { dataSourceOf } from "../../src/store/data-source.ts";
import { ensureEmbedded, removeEmbedded } from "../../src/store/embedded.ts";
import { forgetEnvironment, saveEnvironment } from "../../src/store/environments.ts";
import { savePlan } from "../../src/store/plans.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { insertUpgrade, setState, takeUpgrade } from "../../src/store/upgrades.ts";
import { heldIn, planBackupOf } from "../laws/backed-up.ts";
import { bringUp, nextToken, run, type ShopSite } from "../laws/run.ts";
import { artefacts, network, releases, shop } from "../laws/shop.ts";
import { staging } from "../laws/staged.ts";
import { nothingElse } from "../laws/nothing-else.ts";

const home = mkdtempSync(path.join(os.tmpdir(), "changeover-clones-"));
const LIVE = path.join(home, "live.yaml");
const sealed = new Map<string, Sealed[]>();
let store: Store;
let environments: Environments;
let clones: EnvironmentClones;
let live: ShopSite;
let empty: Site;

/** As people write it, with comments and a text that names its own host. */
const text = `# Our shop.
${stringify({ ...shop, hosts: undefined })}hosts: { public: shop.test, test: green.shop.test } # both names
`.replace("read:", `read: # what else there is\n    - { path: /feed, headers: { x-origin: "https://Shop.test/" } }`);

const belongings = {
  sealed: (name: string) => ({ credentials: sealed.get(name) ?? [], secrets: [] }),
  inputs: async () => [],
};
const siteOf = (name: string): Site => (name === "shop" ? live.site : empty);
const worldOf = async (name: string) =>
  createSimulatedWorld({ site: siteOf(name), clock: live.site.clock, token: nextToken() });

const wish: CloneWish = {
  ...{ origin: "shop", name: "staging", path: null, set: [] },
  ...{ takeSuggestions: false, sameLineage: null },
};

beforeAll(async () => {
  for (const name of ["1", "2", "3"]) mkdirSync(path.join(home, `release-${name}`));
  writeFileSync(LIVE, text);
  store = await openStore({ url: (await ensureEmbedded({ home })).url });
  live = await bringUp();
  empty = new Site({ definition: staging, clock: live.site.clock, releases: releases() });
  environments = openEnvironments({
    store,
    artefacts: {
      pack: async (folder) => artefacts[folder.slice(-1) as keyof typeof artefacts],
      read: async () => ({ bytes: 0, open: () => Readable.from([]) }),
    },
    world: worldOf,
    worldToChange: worldOf,
    chooseNetwork: async () => "127.1.9",
    ...nothingElse,
    belongings,
  });
  const carriers = [{ what: "notes", carry: async (from: string, to: string) => `${from}${to}`.length }];
  clones = openEnvironmentClones({ store, environments, belongings, carriers });
  const definition = parseEnvironment(text, LIVE);
  await saveEnvironment(store, { name: "shop", definition, definitionPath: LIVE, network });
}, 60_000);

beforeEach(async () => {
  sealed.clear();
  await forgetEnvironment(store, "staging");
});

afterAll(async () => {
  await store?.close();
  await removeEmbedded({ home });
  rmSync(home, { recursive: true, force: true });
}, 60_000);

test("the file says what was derived and what is to decide, and the report has each line", async () => {
  sealed.set("shop", [seal("smtp", "the same value")]);
  const made = await clones.compose({ ...wish, set: ["application.servers=2"] });
  expect(made.path).toBe(path.join(home, "staging.yaml"));
  expect(made.text).toContain("# Our shop.");
  expect(made.text).toContain("# both names");
  expect(made.text).toMatch(/# derived: environment was shop \(the clone's name\)\nenvironment: staging\n/);
  expect(made.text).toMatch(/# set: application.servers was 1 \(--set\)\n {2}servers: 2\n/);
  expect(isUnedited(made.text)).toBe(true);
  expect(made.shared.map(({ kind }) => kind).sort()).toEqual(
    ["backup lineage", "credential", "host name", "host name", "input"].sort(),
  );
  expect(made.lineage).toEqual({ from: "shop", to: "staging", why: null });
  const line = made.text.split("\n").findIndex((one) => one.includes("x-origin")) + 1;
  expect(made.open).toEqual([
    {
      ...{ kind: "input", value: "shop.test", key: "checks.read.0.headers.x-origin", environment: "shop" },
      at: `${made.path}:${line}`,
      there: `${LIVE}:${text.split("\n").findIndex((one) => one.includes("both names")) + 1}`,
      suggestion: "https://staging.shop.test/",
      next: "changeover clone shop staging --set checks.read.0.headers.x-origin=https://staging.shop.test/",
    },
  ]);
  expect(made.text.split("\n")[line - 2]).toContain('# DECIDE: input shop.test is also of "shop"');
  expect(readFileSync(LIVE, "utf8")).toBe(text);

  const taken = await clones.compose({ ...wish, takeSuggestions: true });
  expect(taken.open).toEqual([]);
  const set = await clones.compose({ ...wish, set: ["checks.read.0.headers.x-origin=nobody"] });
  expect(set.open).toEqual([]);
  expect(await clones.carry("shop", "staging", "someone")).toEqual([{ what: "notes", copied: 11 }]);
});

test("with one lineage on purpose the file says why, and beside another folder its paths lead to the same", async () => {
  const made = await clones.compose({
    ...wish,
    name: "recovery",
    sameLineage: "disaster recovery",
    path: path.join(home, "dr/r.yaml"),
  });
  expect(made.lineage).toEqual({ from: "shop", to: "shop", why: "disaster recovery" });
  expect(made.onPurpose).toEqual(["backup lineage shop: disaster recovery"]);
  expect(made.open.map(({ kind }) => kind)).toEqual(["input"]);
  expect(made.text).toContain("artefact: ../release-1");
  expect(made.changes.map(({ key }) => key)).not.toContain("releases.1.artefact");
});

test.each([
  [{ name: "shop" }, "a clone needs a name of its own"],
  [{ name: "No!" }, "the name must be lower case"],
  [{ origin: "nobody" }, 'there is no environment "nobody"'],
  [{ set: ["hosts.public"] }, "a key, =, and its value are wanted"],
  [{ set: ["environment=other"] }, "the clone's name is told twice"],
  [{ set: ["hosts.public="] }, "hosts.public: must be a host name"],
  [{ set: ["nothing.like.that=1"] }, "there is no such key"],
])("%j is refused: %s", async (change, why) => {
  await expect(clones.compose({ ...wish, ...change })).rejects.toThrow(why);
});

test("a file that is not as it was saved is left alone: the clone is made of what was saved, without comments", async () => {
  writeFileSync(LIVE, `${text}# being edited\nnew: key\n`);
  const made = await clones.compose(wish).finally(() => writeFileSync(LIVE, text));
  expect(made.generated).toBe(true);
  expect(made.text).not.toContain("# Our shop.");
});

const stage = (change: object = {}): string => stringify({ ...staging, ...change });
const FILE = path.join(home, "staging.yaml");
const from = (backup: string | null = null) => ({ environment: "shop", backup });

test("data comes from a proven backup: without one it is refused, with the command that takes one", async () => {
  const save = (backup: string | null = null, change = {}) => environments.save(stage(change), FILE, from(backup));
  await expect(save()).rejects.toThrow("it has no backup of its own data · changeover backups take shop");
  expect((await run(live, await planBackupOf(live), { upgrade: "u-1" })).end).toEqual({ state: "upgraded" });
  await expect(save("u-9-backup")).rejects.toThrow('it has no backup "u-9-backup"; there are u-1-backup');
  const { plan, warnings } = await save();
  expect(warnings).toEqual([]);
  expect(plan?.strategy).toBe("from-backup");
  expect((await save("u-1-backup")).plan).toEqual(plan);

  await expect(save(null, { release: "2" })).rejects.toThrow(
    'has the tables of release 1, and the file\'s release is 2 · write release: "1"',
  );
  await expect(save(null, { database: { ...shop.database, user: "another" } })).rejects.toThrow(
    "and the file says otherwise",
  );
  await expect(environments.save(stage(), FILE, { environment: "staging", backup: null })).rejects.toThrow(
    "that is itself",
  );

  const { backup } = await heldIn(live, "u-1-backup");
  const held = live.site.database("db-2").backups.get("u-1-backup");
  if (!held) throw new Error("it is gone");
  const now = (change: object) =>
    live.site.database("db-2").backups.set("u-1-backup", { ...held, backup: { ...backup, ...change } });
  now({ verified: null });
  await expect(save()).rejects.toThrow("none of its 1 backups is proven · changeover backups take shop");
  await expect(save("u-1-backup")).rejects.toThrow("it was only taken · changeover backups verify u-1-backup shop");
  now({ lineage: "another" });
  await expect(save()).rejects.toThrow("it has no backup of its own data");
  now({});
});

test("while its launch is unfinished an environment reaches the one whose backup it takes, and never again", async () => {
  const { plan } = await environments.save(stage(), FILE, from());
  if (!plan) throw new Error("it is up");
  expect(await dataSourceOf(store, "staging")).toBeNull();
  const planHash = await savePlan(store, plan);
  const asked = { environment: "staging", planHash, options: { yes: true }, askedBy: "a test", boot: 1 };
  await insertUpgrade(store, { id: "u-launch", ...asked });
  expect(await dataSourceOf(store, "staging")).toBe("shop");
  expect(await dataSourceOf(store, "shop")).toBeNull();
  await setState(store, "u-launch", await takeUpgrade(store, "u-launch"), "upgraded");
  expect(await dataSourceOf(store, "staging")).toBeNull();
});

test("what is shared refuses a clone with each line; between strangers only what does harm, and a warning for the rest", async () => {
  const shared = { hosts: { public: "SHOP.test", test: "green.staging.test" } };
  sealed.set("shop", [seal("smtp", "the same value")]);
  sealed.set("staging", [seal("mail", "the same value")]);
  const refused = environments.save(stage(shared), FILE);
  await expect(refused).rejects.toThrow('"staging" can\'t be launched: it is not apart from "shop"');
  await expect(refused).rejects.toThrow(/host name shop\.test: .*staging\.yaml:\d+ here, .*live\.yaml:\d+ of "shop"/);
  await expect(refused).rejects.toThrow("changeover credential set staging mail (mail) here");
  await expect(refused).rejects.not.toThrow("the same value, not shown: the");

  const stranger = { ...shared, isolation: {} };
  const { warnings, plan } = await environments.save(stage(stranger), FILE);
  expect(warnings).toHaveLength(3);
  expect(plan?.stages[0]?.name).toBe("Launch servers");
  const harmful = environments.save(stage({ ...stranger, backups: { lineage: "shop" } }), FILE);
  await expect(harmful).rejects.toThrow("backup lineage shop");
  await expect(environments.save(stage({ ...stranger }), FILE, from())).rejects.toThrow("host name shop.test");
});

test("a backup of another lineage is restored only by who says so", async () => {
  const parts = { store, engine: {} as Engine, environments, clock: live.site.clock, world: worldOf };
  const backups = openBackups(parts);
  const held = live.site.database("db-2").backups.get("u-1-backup");
  if (!held) throw new Error("it is gone");
  held.backup.lineage = "another";
  await expect(backups.planRestore("shop", "u-1-backup", false)).rejects.toThrow(
    "its lineage is another, the environment's is shop · if that is what you want: changeover backups restore u-1-backup shop --other-lineage",
  );
  expect((await backups.planRestore("shop", "u-1-backup", true)).plan.strategy).toBe("restore");
  held.backup.lineage = null;
  expect((await backups.planRestore("shop", "u-1-backup", false)).plan.strategy).toBe("restore");
});
