/** The control database: its embedded server, its migrations, and what it refuses to forget or to allow. */
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import pg from "pg";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { Plan } from "../../src/model/plan.ts";
import { askersOf, backupRequests, recordBackupRequest, whileAlone } from "../../src/store/backup-requests.ts";
import { blockedAt, chooseAccount, placeFor } from "../../src/store/embedded-account.ts";
import { clearStaleLock } from "../../src/store/embedded-lock.ts";
import { type Embedded, ensureEmbedded, removeEmbedded, stopEmbedded } from "../../src/store/embedded.ts";
import { findEnvironment, forgetEnvironment, saveEnvironment } from "../../src/store/environments.ts";
import { answerGate, askGate, askGateAgain, findGate } from "../../src/store/gates.ts";
import { journalFor, journalOf, StaleExecution } from "../../src/store/journal.ts";
import { migrate, shippedMigrations } from "../../src/store/migrate.ts";
import { savePlan } from "../../src/store/plans.ts";
import { openSession } from "../../src/store/session.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { takeToken } from "../../src/store/tokens.ts";
import { findUpgrade, insertUpgrade, latestUpgrade, setState, takeUpgrade } from "../../src/store/upgrades.ts";
import { shop } from "../laws/shop.ts";

const home = mkdtempSync(path.join(os.tmpdir(), "changeover-store-"));
let server: Embedded;
let store: Store;

beforeAll(async () => {
  server = await ensureEmbedded({ home });
  store = await openStore({ url: server.url });
}, 60_000);

afterAll(async () => {
  await store?.close();
  await removeEmbedded({ home });
  rmSync(home, { recursive: true, force: true });
}, 60_000);

const plan: Plan = {
  format: 1,
  environment: "live",
  strategy: "major",
  from: "1",
  to: "2",
  stages: [],
  afterWayBack: [],
  failAt: null,
};

async function newUpgrade(id: string, environment: string): Promise<boolean> {
  const planHash = await savePlan(store, { ...plan, environment });
  return insertUpgrade(store, { id, environment, planHash, options: { yes: false }, askedBy: "test", boot: 1 });
}

test("a server that lives is found again", async () => {
  expect((await ensureEmbedded({ home })).pid).toBe(server.pid);
});

test("starting it several times at once makes one server", { timeout: 60_000 }, async () => {
  const second = mkdtempSync(path.join(os.tmpdir(), "changeover-store-"));
  const source = `import { ensureEmbedded } from ${JSON.stringify(path.resolve("src/store/embedded.ts"))};
    console.log((await ensureEmbedded({ home: ${JSON.stringify(second)} })).pid);`;
  try {
    const children = [1, 2, 3].map(() =>
      spawn(process.execPath, ["--input-type=module", "-e", source], { stdio: ["ignore", "pipe", "inherit"] }),
    );
    const pids = await Promise.all(
      children.map(async (child) => {
        let out = "";
        for await (const chunk of child.stdout) out += chunk;
        return out.trim();
      }),
    );
    expect(new Set(pids).size).toBe(1);
    expect(Number(pids[0])).toBeGreaterThan(1);
  } finally {
    await removeEmbedded({ home: second });
    rmSync(second, { recursive: true, force: true });
  }
});

test("a killed server is revived with everything that was acknowledged, and the store goes on", async () => {
  await saveEnvironment(store, { name: "kept", definition: {} as never, definitionPath: "/a", network: { first: 1 } });
  process.kill(server.pid, "SIGKILL");
  const revived = await ensureEmbedded({ home });
  expect(revived.pid).not.toBe(server.pid);
  server = revived;
  expect((await findEnvironment(store, "kept"))?.network).toEqual({ first: 1 });
});

test("a lock whose process id now belongs to another program is cleared; a living server's is not", async () => {
  const [data, sockets] = [path.join(server.place, "data"), path.join(server.place, "s")];
  expect(clearStaleLock(data, sockets)).toBe(false);
  await stopEmbedded({ home });
  const bystander = spawn("sleep", ["60"]);
  try {
    writeFileSync(path.join(data, "postmaster.pid"), `${bystander.pid}\n${data}\n1\n5432\n${sockets}\n\n 1 1\nready\n`);
    server = await ensureEmbedded({ home });
    expect(server.pid).not.toBe(bystander.pid);
    expect(bystander.exitCode).toBe(null);
  } finally {
    bystander.kill("SIGKILL");
  }
});

test("stopping ends every process of it; stopping again says that there was none", async () => {
  expect(await stopEmbedded({ home })).toBe(true);
  // Whoever has taken the orphan in still has to bury it.
  await vi.waitFor(() => expect(existsSync(`/proc/${server.pid}`)).toBe(false), { timeout: 5_000 });
  expect(await stopEmbedded({ home })).toBe(false);
  server = await ensureEmbedded({ home });
});

test("where its account can't pass the folder, it gets another that is remembered; where there is none, it says so", () => {
  const base = mkdtempSync(path.join(os.tmpdir(), "changeover-place-"));
  const [closed, open] = [path.join(base, "closed"), path.join(base, "open")];
  try {
    chmodSync(base, 0o755);
    mkdirSync(closed, { mode: 0o700 });
    const account = { name: "somebody", uid: 65_000, gid: 65_000 };
    const inside = path.join(closed, "project");
    mkdirSync(inside);
    expect(blockedAt(account, inside)).toBe(closed);
    expect(() => placeFor(account, inside, closed)).toThrow(`can't pass "${closed}"`);
    const place = placeFor(account, inside, open);
    expect(path.dirname(place)).toBe(open);
    expect(placeFor(account, inside, open)).toBe(place);
    expect(placeFor(account, open)).toBe(path.join(open, "control-database"));
  } finally {
    rmSync(base, { recursive: true, force: true });
  }
});

test("as root it runs as somebody else, and says so where there is nobody", () => {
  const passwd = path.join(home, "passwd");
  writeFileSync(passwd, "root:x:0:0::/root:/bin/sh\nnobody:x:65534:65533::/:/bin/false\n");
  expect(chooseAccount(0, passwd)).toEqual({ name: "nobody", uid: 65_534, gid: 65_533 });
  expect(chooseAccount(1_000, passwd)).toBe(null);
  writeFileSync(passwd, "root:x:0:0::/root:/bin/sh\n");
  expect(() => chooseAccount(0, passwd)).toThrow('neither an account "postgres" nor "nobody"');
});

test("an ordinary user can do the same", { timeout: 60_000 }, () => {
  const theirs = mkdtempSync(path.join(os.tmpdir(), "changeover-user-"));
  chmodSync(theirs, 0o777);
  const source = `import { ensureEmbedded, removeEmbedded } from ${JSON.stringify(path.resolve("src/store/embedded.ts"))};
    const home = ${JSON.stringify(path.join(theirs, "home"))};
    const { pid } = await ensureEmbedded({ home });
    const { statSync } = await import("node:fs");
    console.log(process.getuid() === 0 ? "not me" : statSync("/proc/" + pid).uid === process.getuid() ? "me" : "other");
    await removeEmbedded({ home });`;
  const nobody = { name: "nobody", uid: 65_534, gid: 65_534 };
  // Started by root, it becomes one, unless this checkout is in a folder that only root may pass.
  const changes = process.getuid?.() === 0 && blockedAt(nobody, process.cwd()) === null;
  const identity = changes ? { uid: nobody.uid, gid: nobody.gid } : {};
  try {
    const options = { ...identity, encoding: "utf8", timeout: 50_000 } as const;
    const ran = spawnSync(process.execPath, ["--input-type=module", "-e", source], options);
    expect(ran).toMatchObject({ status: 0, stdout: process.getuid?.() === 0 && !changes ? "not me\n" : "me\n" });
  } finally {
    rmSync(theirs, { recursive: true, force: true });
  }
});

test("migrations run once, also when two begin at the same time; a changed or unknown one is refused", async () => {
  const admin = new pg.Client({ connectionString: server.url });
  await admin.connect();
  await admin.query("create database twice");
  await admin.end();
  const clients = [1, 2].map(() => new pg.Client({ connectionString: server.url.replace("/changeover?", "/twice?") }));
  const [first, second] = clients as [pg.Client, pg.Client];
  await Promise.all(clients.map((client) => client.connect()));
  try {
    const ran = await Promise.all(clients.map((client) => migrate(client)));
    expect(ran.flat()).toEqual(shippedMigrations().map(({ name }) => name));
    expect(await migrate(first)).toEqual([]);
    const edited = shippedMigrations().map((one) => ({ ...one, sql: `${one.sql}\n-- edited` }));
    await expect(migrate(second, edited)).rejects.toThrow("was changed after it was run");
    await expect(migrate(second, [])).rejects.toThrow("does not belong to this release");
    const broken = [
      ...shippedMigrations(),
      { name: "9999-broken.sql", sql: "create table changeover.half (); select nonsense" },
    ];
    await expect(migrate(second, broken)).rejects.toThrow("nonsense");
    expect((await second.query("select to_regclass('changeover.half') as half")).rows[0].half).toBe(null);
  } finally {
    await Promise.all(clients.map((client) => client.end()));
  }
});

test("a wrong address is a problem with a next command, and no password is shown", async () => {
  const opened = openStore({ url: "postgresql://someone:hunter2@127.0.0.1:1/none" });
  await expect(opened).rejects.toMatchObject({ kind: "unreachable" });
  await expect(opened).rejects.not.toThrow("hunter2");
});

test("one unfinished upgrade per environment; the next may begin when it has ended", async () => {
  expect(await newUpgrade("u-one", "single")).toBe(true);
  expect(await newUpgrade("u-two", "single")).toBe(false);
  expect(await newUpgrade("u-other", "another")).toBe(true);
  const token = await takeUpgrade(store, "u-one");
  for (const state of ["running", "stuck"] as const) {
    await setState(store, "u-one", token, state);
    expect(await newUpgrade("u-two", "single")).toBe(false);
  }
  await setState(store, "u-one", token, "rolled-back");
  expect(await newUpgrade("u-two", "single")).toBe(true);

  await setState(store, "u-two", await takeUpgrade(store, "u-two"), "stuck");
  await forgetEnvironment(store, "single");
  expect(await findUpgrade(store, "u-two")).toMatchObject({
    state: "rolled-back",
    reason: "the environment was taken down",
  });
  expect(await newUpgrade("u-three", "single")).toBe(true);
});

test("what was asked of backups is kept with what came of it, and a backup never hides the upgrade before it", async () => {
  const asked = { environment: "backed", verb: "take" as const, backup: null, at: 1_000 };
  const made = (strategy: Plan["strategy"]) => savePlan(store, { ...plan, environment: "backed", strategy });
  const hashes = { major: await made("major"), backup: await made("backup") };
  const begin = async (id: string, strategy: keyof typeof hashes) => {
    const row = {
      id,
      environment: "backed",
      planHash: hashes[strategy],
      askedBy: "me",
      boot: 1,
      options: { yes: true },
    };
    expect(await insertUpgrade(store, row)).toBe(true);
    return takeUpgrade(store, id);
  };
  await setState(store, "u-real", await begin("u-real", "major"), "upgraded");
  const token = await begin("u-copy", "backup");
  expect((await latestUpgrade(store, "backed"))?.id).toBe("u-copy");
  await recordBackupRequest(store, { ...asked, by: "schedule", scheduled: true, upgrade: "u-copy", problem: null });
  const busy = await backupRequests(store, "backed", { limit: 5, scheduled: true });
  expect(busy).toMatchObject([{ by: "schedule", upgrade: "u-copy", state: "waiting", why: null, at: 1_000 }]);
  await setState(store, "u-copy", token, "rolled-back", { reason: "it rained" });
  expect((await latestUpgrade(store, "backed"))?.id).toBe("u-real");

  const problem = { kind: "refused" as const, what: "no", why: "because", next: "-" };
  await recordBackupRequest(store, { ...asked, by: "me", scheduled: false, upgrade: null, problem });
  expect(
    (await backupRequests(store, "backed", { limit: 5, scheduled: false })).map(({ by, state, why }) => [
      by,
      state,
      why,
    ]),
  ).toEqual([
    ["me", null, "no: because"],
    ["schedule", "rolled-back", "it rained"],
  ]);
  expect(await backupRequests(store, "backed", { limit: 5, scheduled: true })).toHaveLength(1);
  expect(await askersOf(store, ["u-copy", "u-none"])).toEqual(new Map([["u-copy", "me"]]));

  const order: string[] = [];
  const alone = whileAlone(store, "backed", async () => {
    order.push("first");
    expect(await whileAlone(store, "backed", async () => void order.push("second"))).toBe(false);
    expect(await whileAlone(store, "elsewhere", async () => void order.push("elsewhere"))).toBe(true);
  });
  expect(await alone).toBe(true);
  expect(await whileAlone(store, "backed", async () => void order.push("third"))).toBe(true);
  expect(order).toEqual(["first", "elsewhere", "third"]);
  await forgetEnvironment(store, "backed");
  expect(await backupRequests(store, "backed", { limit: 5, scheduled: false })).toEqual([]);
});

test("an environment that an older release saved gets the keys that came since", async () => {
  const { backups: _, ...older } = shop;
  const saved = { name: "older", definitionPath: "environment.yaml", network: {} };
  await saveEnvironment(store, { ...saved, definition: older as typeof shop });
  expect((await findEnvironment(store, "older"))?.definition.backups.keep.last).toBe(7);
});

test("a control database that is made anew begins beyond every token of the one before it", async () => {
  const tokens = async (count: number): Promise<number[]> =>
    store.transaction(async (db) => {
      const taken: number[] = [];
      for (let turn = 0; turn < count; turn++) taken.push(await takeToken(db));
      return taken;
    });
  const newest = Math.max(...(await tokens(50)));
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  try {
    await client.query("create database anew");
  } finally {
    await client.end();
  }
  const other = await openStore({ url: server.url.replace(/\/[^/?]+(?=\?|$)/, "/anew") });
  try {
    const first = await takeToken(other);
    expect(first).toBeGreaterThan(newest);
    expect(Number.isSafeInteger(first + 1e9)).toBe(true);
  } finally {
    await other.close();
  }
});

test("tokens only grow, over a crash of the server too", async () => {
  const before = await takeToken(store);
  process.kill(server.pid, "SIGKILL");
  server = await ensureEmbedded({ home });
  expect(await takeToken(store)).toBeGreaterThan(before);
});

test("the journal keeps what was written, and an execution that was taken over writes nothing more", async () => {
  await newUpgrade("u-journal", "journalled");
  const step = { index: 0, stage: "one", step: "toy", says: "Do it" };
  const old = journalFor(store, "u-journal", await takeUpgrade(store, "u-journal"));
  expect(await old.begin(step, "apply")).toEqual({ kind: "begun", sequence: 1, interrupted: false });

  const now = journalFor(store, "u-journal", await takeUpgrade(store, "u-journal"));
  const result = { result: "done" as const, acted: true, foundDone: true, evidence: { seen: 1 }, problem: null };
  await expect(old.end(1, result)).rejects.toThrow(StaleExecution);
  await expect(old.begin(step, "apply")).rejects.toThrow(StaleExecution);
  expect(await now.begin(step, "apply")).toEqual({ kind: "begun", sequence: 2, interrupted: true });
  await now.end(2, result);
  await now.end(2, result);
  expect(await now.begin(step, "apply")).toEqual({ kind: "done-before", evidence: { seen: 1 } });
  expect((await journalOf(store, "u-journal")).map(({ try: nth, result: came }) => [nth, came])).toEqual([
    [1, null],
    [2, "done"],
  ]);

  await expect(store.query("update changeover.journal set says = 'no' where sequence = 2")).rejects.toThrow(
    "append-only",
  );
  await expect(store.query("delete from changeover.journal where upgrade = 'u-journal'")).rejects.toThrow(
    "append-only",
  );
});

test("a gate takes one answer, in time, for its own plan", async () => {
  await newUpgrade("u-gate", "gated");
  const asked = {
    upgrade: "u-gate",
    gate: "go",
    question: "Go on?",
    planHash: "right",
    askedAt: 1_000,
    deadlineAt: 2_000,
    atDeadline: "way-back" as const,
    evidence: [{ says: "Smoke test", facts: { loadBalancers: 2 } }],
  };
  await askGate(store, asked);
  await askGate(store, { ...asked, deadlineAt: 9_000 });
  const say = (planHash: string, answer: "approved" | "denied" | "expired", at: number) =>
    answerGate(store, "u-gate", "go", planHash, { answer, by: "me", at });
  expect(await say("wrong", "approved", 1_500)).toBe(false);
  expect(await say("right", "approved", 2_001)).toBe(false);
  expect(await say("right", "denied", 2_000)).toBe(true);
  expect(await say("right", "approved", 1_500)).toBe(false);
  expect(await findGate(store, "u-gate", "go")).toMatchObject({
    answer: "denied",
    deadlineAt: 2_000,
    answeredBy: "me",
    evidence: asked.evidence,
  });
});

test("a gate that asks again after a hot-fix shows what is new, and is shut while the fix does not hold", async () => {
  await newUpgrade("u-mended", "mended");
  const asked = { upgrade: "u-mended", gate: "go", question: "Go on?", planHash: "right", evidence: [] };
  await askGate(store, { ...asked, askedAt: 1_000, deadlineAt: 2_000, atDeadline: "way-back" });
  const say = (answer: "approved" | "denied" | "fix", at: number) =>
    answerGate(store, "u-mended", "go", "right", { answer, by: "me", at });
  const again = (blocked: string | null) =>
    askGateAgain(store, "u-mended", "go", { askedAt: 3_000, deadlineAt: 4_000, evidence: [], blocked });
  await again("nobody asked for a fix");
  expect(await findGate(store, "u-mended", "go")).toMatchObject({ deadlineAt: 2_000, blocked: null });
  expect(await say("fix", 1_500)).toBe(true);
  expect(await say("approved", 1_500), "while the fix runs").toBe(false);
  await again("the smoke test fails");
  expect(await say("approved", 3_500)).toBe(false);
  expect(await say("fix", 3_500)).toBe(true);
  await again(null);
  expect(await say("approved", 3_500)).toBe(true);
});

test("watchers hear of a change at once, and again after the connection broke", async () => {
  await newUpgrade("u-watched", "watched");
  const heard: (string | null)[] = [];
  const session = await openSession({
    url: server.url,
    channel: "changeover",
    onChange: (id) => heard.push(id),
    revive: () => ensureEmbedded({ home }),
  });
  const hears = async (count: number): Promise<void> => {
    for (let tries = 0; tries < 500 && heard.length < count; tries++)
      await new Promise((resolve) => setTimeout(resolve, 10));
  };
  try {
    expect(heard).toEqual([null]);
    await takeUpgrade(store, "u-watched");
    await hears(2);
    process.kill(server.pid, "SIGKILL");
    await hears(3);
    await takeUpgrade(store, "u-watched");
    await hears(4);
    expect(heard).toEqual([null, "u-watched", null, "u-watched"]);
    expect((await findUpgrade(store, "u-watched"))?.state).toBe("waiting");
  } finally {
    await session.close();
    server = await ensureEmbedded({ home });
  }
});

test("nothing listens on a network address, and the socket is closed to others", () => {
  const lock = readFileSync(path.join(server.place, "data", "postmaster.pid"), "utf8").split("\n");
  expect(lock[5]).toBe("");
  expect(lock[4]).toBe(path.join(server.place, "s"));
});
