/** Locks and the lock down on a real control database and real files, over the simulated shop. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import pg from "pg";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { stringify } from "yaml";
import { createApp } from "../../src/api/app.ts";
import { routeVerbs } from "../../src/api/route-verbs.ts";
import type { Verb } from "../../src/model/locks/verbs.ts";
import { mayDo } from "../../src/model/locks/matrix.ts";
import type { EnvironmentDefinition } from "../../src/model/environment.ts";
import type { LockdownLine } from "../../src/model/lockdown.ts";
import type { Plan } from "../../src/model/plan.ts";
import { SimulatedClock } from "../../src/providers/simulated/clock.ts";
import { Site } from "../../src/providers/simulated/site.ts";
import { createSimulatedWorld } from "../../src/providers/simulated/world.ts";
import type { ControlPlane } from "../../src/run/control-plane.ts";
import { openCredentialDesk } from "../../src/run/credentials.ts";
import { type Environments, openEnvironments } from "../../src/run/environments.ts";
import { type LockDesk, openLockDesk } from "../../src/run/lock-desk.ts";
import { type Lockdown, openLockdown } from "../../src/run/lockdown.ts";
import { lockedServers, mustBeAllowed, mustBeUnlocked } from "../../src/run/locks.ts";
import { requestUpgrade } from "../../src/run/requests.ts";
import { steps } from "../../src/steps/registry.ts";
import { openArtefacts } from "../../src/store/artefacts.ts";
import { openCredentials } from "../../src/store/credentials.ts";
import { ensureEmbedded, removeEmbedded } from "../../src/store/embedded.ts";
import { locksOf, putLock } from "../../src/store/locks.ts";
import { migrate, shippedMigrations } from "../../src/store/migrate.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { setState, takeUpgrade } from "../../src/store/upgrades.ts";
import { nextToken, run } from "../laws/run.ts";
import { network, releases, shop } from "../laws/shop.ts";
import { nothingElse } from "../laws/nothing-else.ts";

const home = mkdtempSync(path.join(os.tmpdir(), "changeover-locks-"));
const folder = path.join(home, "shop");
const file = path.join(folder, "shop.yaml");
const anna = { by: "anna", reason: "audit" };
const written: EnvironmentDefinition = structuredClone(shop);
let store: Store;
let site: Site;
let environments: Environments;
let locks: LockDesk;
let lockdown: Lockdown;

const world = async () => createSimulatedWorld({ site, clock: site.clock, token: nextToken() });
const git = (...words: string[]) =>
  execFileSync("git", ["-C", folder, "-c", "user.name=t", "-c", "user.email=t@example.com", ...words]);
const serversOf = async () => (await (await world()).provider.list("shop")).map(({ name }) => name).sort();

beforeAll(async () => {
  for (const name of ["1", "2", "3"]) {
    mkdirSync(path.join(folder, `release-${name}`), { recursive: true });
    writeFileSync(path.join(folder, `release-${name}`, "version"), name);
  }
  writeFileSync(file, stringify(written));
  git("init", "--quiet");
  git("add", ".");
  git("commit", "--quiet", "-m", "all");
  store = await openStore({ url: (await ensureEmbedded({ home })).url });
  site = new Site({ definition: written, clock: new SimulatedClock(), releases: releases() });
  const artefacts = openArtefacts(home);
  environments = openEnvironments({
    store,
    artefacts,
    world,
    worldToChange: world,
    chooseNetwork: async () => network.prefix,
    ...nothingElse,
  });
  locks = openLockDesk({ store, environments });
  lockdown = openLockdown({ store, environments, artefacts, locks });
  const { plan } = await environments.save(stringify(written), file);
  if (!plan) throw new Error("it is up already");
  expect((await run({ site, world: await world() }, plan, { upgrade: "u-up" })).end.state).toBe("upgraded");
}, 60_000);

afterEach(async () => {
  await locks.unlockAll("shop");
  git("checkout", "--quiet", ".");
  git("clean", "--quiet", "-fd");
});

afterAll(async () => {
  await store?.close();
  await removeEmbedded({ home });
  rmSync(home, { recursive: true, force: true });
}, 60_000);

/** A run of one kind in flight, as far as the store knows. */
async function inFlight<T>(strategy: Plan["strategy"], during: (id: string) => Promise<T>): Promise<T> {
  const id = await begin(strategy);
  await setState(store, id, await takeUpgrade(store, id), "running");
  try {
    return await during(id);
  } finally {
    await setState(store, id, await takeUpgrade(store, id), "rolled-back");
  }
}

function begin(
  strategy: Plan["strategy"],
  asked: { verb?: Verb; servers?: string[]; group?: string } = {},
): Promise<string> {
  const plan: Plan = {
    format: 1,
    environment: "shop",
    strategy,
    from: "1",
    to: "2",
    stages: [],
    afterWayBack: [],
    failAt: null,
  };
  return requestUpgrade(store, steps, plan, { yes: true, by: "ben", boot: 1, ...asked });
}

test("a lock that an earlier release put on is there afterwards, on the whole environment", async () => {
  const admin = new pg.Client({ connectionString: store.url });
  await admin.connect();
  await admin.query("create database earlier");
  await admin.end();
  const client = new pg.Client({ connectionString: store.url.replace("/changeover?", "/earlier?") });
  await client.connect();
  try {
    await migrate(
      client,
      shippedMigrations().filter(({ name }) => name < "0011"),
    );
    await client.query(
      "insert into changeover.environments (name, definition, definition_path) values ('live', '{}', '')",
    );
    await client.query("insert into changeover.locks (environment, reason, by) values ('live', 'audit', 'anna')");
    await migrate(client);
    expect(await locksOf(client, "live")).toMatchObject([{ environment: "live", server: null, ...anna }]);
    const more = { environment: "live", server: "app-1", ...anna };
    expect([await putLock(client, more), await putLock(client, more)]).toEqual([true, false]);
    expect(await putLock(client, { ...more, server: null })).toBe(false);
  } finally {
    await client.end();
  }
});

test("a server has a lock of its own, which counts for that server and for what is about all of them", async () => {
  const lock = await locks.lock("shop", "app-1", anna);
  expect(lock).toMatchObject({ environment: "shop", server: "app-1", ...anna });
  await expect(locks.lock("shop", "app-1", { by: "ben", reason: "mine" })).rejects.toThrow(
    "locked already · locked by anna",
  );
  await expect(locks.lock("shop", "app-99", anna)).rejects.toThrow('has no server "app-99" · it has app-1');
  const doing = (verb: "server-retire" | "group-grow", ...servers: string[]) =>
    mustBeAllowed(store, { environment: "shop", verb, servers });
  await expect(doing("server-retire", "app-1")).rejects.toThrow(
    /^server "app-1" can't be retired · locked by anna since .*: audit · changeover unlock shop app-1$/,
  );
  await expect(doing("server-retire", "app-2", "app-1")).rejects.toThrow('server "app-1" is locked by anna');
  await doing("server-retire", "app-2");
  await doing("group-grow");
  await mustBeUnlocked(store, "shop", "changed");
  await expect(environments.takeDown("shop")).rejects.toThrow(
    'can\'t be taken down · server "app-1" is locked by anna',
  );
  await expect(environments.planUpgrade("shop", { to: "2", failAt: null, at: null, rehearsal: false })).rejects.toThrow(
    /guard "nothing is locked": server "app-1" is locked by anna .* · changeover unlock shop app-1/,
  );
  expect(await lockedServers(store, "shop")).toEqual(["app-1"]);
  expect(await locks.unlock("shop", "app-1")).toEqual(lock);
  await expect(locks.unlock("shop", "app-1")).rejects.toThrow('server "app-1" is not locked');
});

test("an environment's lock covers its servers, alerts too; it can still be rehearsed and backed up", async () => {
  await locks.lock("shop", null, anna);
  for (const [verb, asker] of [
    ["server-relaunch", "person"],
    ["alert-script", "alert"],
    ["group-grow", "schedule"],
  ] as const)
    await expect(mustBeAllowed(store, { environment: "shop", verb, asker, servers: ["app-1"] })).rejects.toThrow(
      /locked by anna since .*: audit · changeover unlock shop$/,
    );
  await mustBeAllowed(store, { environment: "shop", verb: "backup-take", asker: "schedule" });
  await mustBeAllowed(store, { environment: "shop", verb: "alert-notify", asker: "alert" });
  const { plan } = await environments.planUpgrade("shop", { to: "2", failAt: null, at: null, rehearsal: true });
  expect(plan.to).toBe("2");
});

test("no run begins that the matrix denies, whatever was looked at before", async () => {
  await locks.lock("shop", "db-1", anna);
  await expect(begin("major")).rejects.toThrow('can\'t be upgraded · server "db-1" is locked by anna');
  await expect(begin("restore")).rejects.toThrow("can't be restored");
  await inFlight("backup", async () => {});
  const shrink = (server: string) => begin("major", { verb: "group-shrink", group: "burst", servers: [server] });
  await expect(shrink("db-1")).rejects.toThrow('scaling group "burst" can\'t shrink · server "db-1" is locked by anna');
  const shrunk = await shrink("app-1");
  await setState(store, shrunk, await takeUpgrade(store, shrunk), "rolled-back");
  await locks.lock("shop", null, anna);
  await expect(begin("bring-up")).rejects.toThrow("can't be brought up or changed · locked by anna");
  await inFlight("verify-backup", async () => {});
});

test("a run in flight alone holds the key: others are refused, what steers it is not, and its servers can't be locked", async () => {
  await inFlight("major", async (id) => {
    await expect(locks.lock("shop", "app-1", anna)).rejects.toThrow(
      `can't have a server locked · "${id}" is running, and alone holds the key · changeover watch ${id}`,
    );
    await locks.lock("shop", null, anna);
    await mustBeAllowed(store, { environment: "shop", verb: "rollback" });
    await mustBeAllowed(store, { environment: "shop", verb: "server-retire", servers: ["app-1"], asker: "upgrade" });
    await expect(mustBeAllowed(store, { environment: "shop", verb: "down" })).rejects.toThrow("locked by anna");
    await locks.unlock("shop", null);
    await expect(mustBeAllowed(store, { environment: "shop", verb: "down" })).rejects.toThrow("alone holds the key");
    expect((await locks.list("shop")).run).toEqual({ id, state: "running" });
  });
  await inFlight("backup", async () => {
    await locks.lock("shop", "app-1", anna);
    await expect(mustBeAllowed(store, { environment: "shop", verb: "rehearse" })).rejects.toThrow(
      "alone holds the key",
    );
  });
});

test("a credential can't be changed under a lock, and can be set for a run that waits for it", async () => {
  const desk = openCredentialDesk(store, openCredentials(home));
  await inFlight("major", () => desk.set("shop", "KEY", "value"));
  await locks.lock("shop", null, anna);
  await expect(desk.set("shop", "KEY", "other")).rejects.toThrow("can't have a credential set · locked by anna");
  await expect(desk.remove("shop", "KEY")).rejects.toThrow("can't have a credential removed");
  await locks.unlock("shop", null);
  await desk.remove("shop", "KEY");
});

test("every route that a lock denies is refused before anything is read of its body", async () => {
  await locks.lock("shop", null, anna);
  const app = createApp({
    controlPlane: { locks } as unknown as ControlPlane,
    activity: { record: async () => {}, read: async () => [] },
    health: () => Promise.reject(new Error("nobody asks")),
    redact: (text) => text,
    changed: async () => {},
    shutDown: async () => {},
  });
  const locked = { environment: true, server: false, run: "none" } as const;
  const ask = async (route: string) => {
    const [method = "", at = ""] = route.split(" ");
    const place = at.replace("/environments/:name", "/environments/shop").replace(":environment", "shop");
    const answer = await app.request(place.replace(/:\w+/g, "app-1"), { method });
    return `${answer.status} ${((await answer.json()) as { detail?: string }).detail ?? ""}`;
  };
  let denied = 0;
  for (const [route, verb] of Object.entries(routeVerbs)) {
    if (verb === "nothing" || mayDo(verb, locked, "person").allowed || !/:(name|environment)/.test(route)) continue;
    denied += 1;
    expect(await ask(route), route).toMatch(/^409 locked by anna since .*: audit$/);
  }
  expect(denied).toBeGreaterThan(3);
});

const open = (lines: LockdownLine[]) => lines.filter(({ ok }) => !ok).map(({ subject, asks }) => `${subject}, ${asks}`);

test("a lock down is proven from the world, and applying it locks all that only needs a lock", async () => {
  const names = await serversOf();
  const before = await lockdown.look("shop");
  expect(before.lockedDown).toBe(false);
  expect(open(before.lines)).toEqual(["environment shop, locked", ...names.map((name) => `server ${name}, locked`)]);
  expect((await locks.list("shop")).locks, "a look locks nothing").toEqual([]);
  await locks.lock("shop", "app-1", { by: "ben", reason: "mine" });
  const after = await lockdown.apply("shop", anna);
  expect([open(after.lines), after.lockedDown]).toEqual([[], true]);
  const held = (await locks.list("shop")).locks;
  expect(held.map(({ server }) => server)).toEqual([null, ...names]);
  expect(held.find(({ server }) => server === "app-1")?.by, "the first lock stays").toBe("ben");
});

test("what is not committed keeps it from being locked down, each with what comes next", async () => {
  await lockdown.apply("shop", anna);
  const lines = async () => (await lockdown.look("shop")).lines;
  writeFileSync(path.join(folder, "release-1", "version"), "1b");
  writeFileSync(path.join(folder, "release-1", "new"), "");
  writeFileSync(file, stringify({ ...written, limits: { ...written.limits, keepSeconds: 9 } }));
  expect(open(await lines())).toEqual([
    "environment file, committed",
    "environment file, unchanged",
    "release 1, committed",
  ]);
  git("checkout", "--quiet", file);
  git("add", ".");
  git("commit", "--quiet", "-m", "another release under the same name");
  const changed = (await lines()).filter(({ ok }) => !ok);
  expect(changed).toMatchObject([{ subject: "release 1", asks: "unchanged", lockable: false }]);
  expect(changed[0]?.why).toMatch(/^\w{32} serves, and .*release-1 packs to \w{32}$/);
  git("reset", "--quiet", "--hard", "HEAD~1");
  expect(open(await lines())).toEqual([]);
});

test("a server that came from a template's head, and an override that is open, are told", async () => {
  await lockdown.apply("shop", anna);
  const [host, other, broken] = await Promise.all(
    ["app-1", "lb-1", "db-1"].map(async (name) => (await world()).provider.open("shop", name)),
  );
  const launch = (revision: number | null) =>
    JSON.stringify({ template: { name: "web", revision, hash: "abc" }, image: null, size: null, inputs: {} });
  await host?.putFile("launch.json", launch(null));
  await other?.putFile("launch.json", launch(3));
  await broken?.putFile("launch.json", "{");
  await store.query(
    `insert into changeover.inputs (environment, level, owner, input, value, by, why, since, until)
     values ('shop', 'group', 'web', 'WORKERS', '{"text":"4"}', 'ben', 'a busy day', now(), '2040-01-01')`,
  );
  const { lines } = await lockdown.look("shop");
  await store.query("delete from changeover.inputs");
  expect(
    lines.filter(({ ok, asks }) => !ok && asks === "committed").map(({ subject, why }) => `${subject}: ${why}`),
  ).toEqual([
    'server app-1: it was launched from the head of template "web"',
    "server db-1: its launch.json is damaged at its beginning",
    expect.stringContaining('override of WORKERS on group "web": open by ben, until '),
  ]);
  expect(lines.find(({ subject, asks }) => subject === "server lb-1" && asks === "committed")?.why).toBe(
    'revision 3 of template "web"',
  );
  for (const each of [host, other, broken]) await each?.remove("launch.json");
});

test("while an upgrade is in flight servers can't be locked, and the lock down says what to wait for", async () => {
  await inFlight("major", async (id) => {
    const { lines, lockedDown } = await lockdown.apply("shop", anna);
    expect(lockedDown).toBe(false);
    expect(lines.find(({ subject }) => subject === "runs")).toMatchObject({
      ok: false,
      next: `changeover watch ${id}`,
    });
    expect(lines.find(({ subject }) => subject === "environment shop")?.ok).toBe(true);
    expect(lines.find(({ subject, asks }) => subject === "server app-1" && asks === "locked")?.ok).toBe(false);
  });
});
