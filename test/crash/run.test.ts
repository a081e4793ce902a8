/** A control plane that is killed anywhere goes on from what the world and the journal show. */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { DBOS } from "@dbos-inc/dbos-sdk";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Plan, planHash, type PlanStep } from "../../src/model/plan.ts";
import type { JournalEntry, UpgradeState } from "../../src/model/upgrade.ts";
import { systemClock } from "../../src/run/clock.ts";
import { answer } from "../../src/run/gates.ts";
import { requestUpgrade, requestWayBack } from "../../src/run/requests.ts";
import { ensureEmbedded, removeEmbedded } from "../../src/store/embedded.ts";
import { gatesOf } from "../../src/store/gates.ts";
import { journalOf } from "../../src/store/journal.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { takeBoot } from "../../src/store/tokens.ts";
import { listUpgrades, type UpgradeRun } from "../../src/store/upgrades.ts";

const home = mkdtempSync(path.join(os.tmpdir(), "changeover-crash-"));
const children = new Set<number>();
let server = "";

beforeAll(async () => {
  server = (await ensureEmbedded({ home })).url;
  // Made once and copied for each story.
  await asAdmin("create database prepared");
  await (await openStore({ url: urlOf("prepared") })).close();
  await DBOS.migrate(urlOf("prepared"));
}, 60_000);

afterAll(async () => {
  for (const pid of children) process.kill(pid, "SIGKILL");
  await removeEmbedded({ home });
  rmSync(home, { recursive: true, force: true });
}, 60_000);

interface Site {
  url: string;
  store: Store;
  folder: string;
  plan: Plan;
}

const environment = "site";
const make = (name: string, more: { apply?: "fails"; undo?: "fails"; takesMs?: number } = {}): PlanStep => ({
  step: "toy",
  input: { name, ...more },
  says: `Make ${name}`,
});
const gate = { step: "gate", input: { gate: "go", question: "Go on?", deadlineMs: 60_000 }, says: "Go on?" };

/** Sequential stages, but for the last one when it has two steps. */
function planOf(...stages: PlanStep[][]): Plan {
  const named = stages.map((steps, index) => ({
    name: `stage ${index + 1}`,
    parallel: index === stages.length - 1 && steps.length === 2,
    steps,
    wayBack: "",
  }));
  const afterWayBack = [{ name: "after", parallel: false, steps: [make("order")], wayBack: "" }];
  return { format: 1, environment, strategy: "major", from: "1", to: "2", stages: named, afterWayBack, failAt: null };
}

let places = 2;
const queue: (() => void)[] = [];
let count = 0;

/** A control database and a folder of its own; two at a time, as there are two cores. */
async function at(plan: Plan, story: (site: Site) => Promise<void>): Promise<void> {
  if (places > 0) places--;
  else await new Promise<void>((go) => queue.push(go));
  const name = `site_${++count}`;
  const folder = path.join(home, name);
  mkdirSync(folder);
  writeFileSync(path.join(folder, "plan.json"), JSON.stringify(plan));
  await asAdmin(`create database ${name} template prepared`);
  const url = urlOf(name);
  const store = await openStore({ url });
  try {
    await story({ url, store, folder, plan });
  } finally {
    await store.close();
    const next = queue.shift();
    if (next) next();
    else places++;
  }
}

const urlOf = (database: string): string => server.replace("/changeover?", `/${database}?`);

async function asAdmin(sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  await client.query(sql).finally(() => client.end());
}

interface Run {
  killAt?: string;
  endIn?: UpgradeState[];
  env?: Record<string, string>;
}

/** Runs a control plane to its end: "SIGKILL", or its exit code. */
function control(
  { url, folder }: Site,
  { killAt = "", endIn = ["upgraded", "rolled-back"], env }: Run,
): Promise<string> {
  const child = spawn(process.execPath, [path.join(import.meta.dirname, "run-child.ts")], {
    env: { ...process.env, URL_OF_STORE: url, FOLDER: folder, KILL_AT: killAt, END_IN: endIn.join(","), ...env },
    stdio: ["ignore", "inherit", "ignore"],
  });
  const { pid = 0 } = child;
  children.add(pid);
  const tooLong = setTimeout(() => child.kill("SIGTERM"), 30_000);
  return new Promise((resolve) => {
    child.once("exit", (code, signal) => {
      clearTimeout(tooLong);
      children.delete(pid);
      resolve(signal ?? String(code));
    });
  });
}

const made = ({ folder }: Site): string[] => readdirSync(folder).filter((name) => !["log", "plan.json"].includes(name));
const log = ({ folder }: Site): string[] =>
  existsSync(path.join(folder, "log")) ? readFileSync(path.join(folder, "log"), "utf8").trim().split("\n") : [];
const times = (site: Site, line: string): number => log(site).filter((one) => one === line).length;

async function seen({ store }: Site): Promise<{ upgrade: UpgradeRun; entries: JournalEntry[] }> {
  const [upgrade] = await listUpgrades(store, environment);
  if (!upgrade) throw new Error("no upgrade was started");
  return { upgrade, entries: await journalOf(store, upgrade.id) };
}

async function until(
  site: Site,
  holds: (upgrade: UpgradeRun, entries: JournalEntry[]) => boolean,
): Promise<UpgradeRun> {
  for (let tries = 0; tries < 1_000; tries++) {
    const now = await seen(site).catch(() => null);
    if (now && holds(now.upgrade, now.entries)) return now.upgrade;
    await systemClock.sleep(20);
  }
  throw new Error("it never came to that");
}

describe.concurrent("killed on the way forward", { timeout: 120_000 }, () => {
  const plan = planOf([make("a"), make("b")], [make("c"), make("d")]);
  const points: [point: string, because: string, applied: number][] = [
    ["before intent apply b", "nothing was begun", 1],
    ["after intent apply b", "it looked first and found nothing", 1],
    ["inside apply b", "it looked first and found it half done", 2],
    ["before result apply b", "it looked first and found it done", 1],
    ["after result apply b", "the journal knows that it is done", 1],
    ["inside apply d", "its neighbour is not asked twice", 1],
  ];
  test.each(points)("%s: goes on, because %s", (killAt, _because, applied) =>
    at(plan, async (site) => {
      expect(await control(site, { killAt })).toBe("SIGKILL");
      expect(await control(site, {})).toBe("0");

      const { upgrade, entries } = await seen(site);
      expect(upgrade.state).toBe("upgraded");
      expect(made(site)).toEqual(["a", "b", "c", "d"]);
      expect(times(site, "apply a")).toBe(1);
      expect(times(site, "apply b")).toBe(applied);
      const found = entries.filter(({ foundDone }) => foundDone).map(({ says }) => says);
      expect(found.includes("Make b")).toBe(killAt === "before result apply b");
    }),
  );

  test("before the run itself began: the promise is kept by the next control plane", () =>
    at(plan, async (site) => {
      const boot = await takeBoot(site.store);
      const definitions = new Map([["toy", { input: { safeParse: () => ({ success: true }) } } as never]]);
      await requestUpgrade(site.store, definitions, plan, { yes: false, by: "someone", boot });
      expect((await seen(site)).upgrade.state).toBe("waiting");
      expect(await control(site, {})).toBe("0");
      expect(made(site)).toEqual(["a", "b", "c", "d"]);
    }));
});

describe.concurrent("killed on the way back", { timeout: 120_000 }, () => {
  const plan = planOf([make("a"), make("b")], [make("c", { apply: "fails" })]);
  const points = [
    "after intent undo b",
    "inside undo b",
    "after result undo b",
    "inside apply order",
    "after result after order",
  ];
  test.each(points)("%s: everything is undone, in order", (killAt) =>
    at(plan, async (site) => {
      expect(await control(site, { killAt })).toBe("SIGKILL");
      expect(await control(site, {})).toBe("0");

      const { upgrade, entries } = await seen(site);
      expect(upgrade.state).toBe("rolled-back");
      expect(upgrade.reason).toContain("c fails");
      expect(made(site)).toEqual(["order"]);
      const done = entries.filter(({ direction, result }) => direction !== "apply" && result === "done");
      expect(done.map(({ says }) => says)).toEqual(["Make c", "Make b", "Make a", "Make order"]);
      expect(times(site, "undo b")).toBe(killAt === "inside undo b" ? 2 : 1);
    }),
  );

  test("asked for while nobody ran it: what a crash cut short is undone too, and nothing new begins", () =>
    at(planOf([make("a"), make("b")], [make("c")]), async (site) => {
      expect(await control(site, { killAt: "inside apply b" })).toBe("SIGKILL");
      const { upgrade } = await seen(site);
      const boot = await takeBoot(site.store);
      await requestWayBack(site.store, new Map(), { upgrade: upgrade.id, by: "someone", reason: "no more", boot });
      expect(await control(site, {})).toBe("0");

      expect((await seen(site)).upgrade).toMatchObject({
        state: "rolled-back",
        reason: "the way back was asked for: no more",
      });
      expect(made(site)).toEqual(["order"]);
      expect(log(site)).toEqual(["apply a", "apply b", "undo b", "undo a", "apply order"]);
    }));

  test("an undo that keeps failing leaves it stuck, over a restart too, until someone asks again", () =>
    at(planOf([make("a", { undo: "fails" }), make("b", { apply: "fails" })]), async (site) => {
      expect(await control(site, { endIn: ["stuck"] })).toBe("0");
      const stuck = await seen(site);
      expect(stuck.upgrade.problem?.what).toBe("a can't be undone");
      expect(stuck.entries.filter(({ direction, says }) => direction === "undo" && says === "Make a")).toHaveLength(3);
      expect(made(site)).toEqual(["a"]);

      writeFileSync(path.join(site.folder, "undo-may-work"), "");
      const boot = await takeBoot(site.store);
      await requestWayBack(site.store, new Map(), { upgrade: stuck.upgrade.id, by: "someone", reason: "mended", boot });
      expect(await control(site, {})).toBe("0");
      expect((await seen(site)).upgrade.state).toBe("rolled-back");
      expect(made(site)).toEqual(["order", "undo-may-work"]);
      expect(times(site, "undo b")).toBe(1);
    }));
});

describe.concurrent("killed while it waits", { timeout: 120_000 }, () => {
  test("a gate keeps its deadline over a restart, and the answer given meanwhile counts", () =>
    at(planOf([make("a"), gate, make("b")]), async (site) => {
      expect(await control(site, { endIn: ["at-gate"] })).toBe("0");
      const { upgrade } = await seen(site);
      const [before] = await gatesOf(site.store, upgrade.id);
      const asked = { upgrade: upgrade.id, gate: "go", by: "someone", answer: "approved" as const };

      await expect(answer(site.store, systemClock, { ...asked, planHash: "another" })).rejects.toThrow(
        "it asks about plan",
      );
      await answer(site.store, systemClock, { ...asked, planHash: planHash(site.plan) });
      await expect(answer(site.store, systemClock, { ...asked, planHash: planHash(site.plan) })).rejects.toThrow(
        "by someone",
      );
      expect(await control(site, {})).toBe("0");

      expect((await seen(site)).upgrade.state).toBe("upgraded");
      expect((await gatesOf(site.store, upgrade.id))[0]).toMatchObject({
        deadlineAt: before?.deadlineAt,
        answeredBy: "someone",
      });
      expect(log(site)).toEqual(["apply a", "apply b"]);
    }));

  test("the way back ends the step that is running, and is journalled", () =>
    at(planOf([make("a"), make("b", { takesMs: 60_000 })]), async (site) => {
      const running = control(site, {});
      const { id } = await until(site, (_, entries) => entries.some(({ says }) => says === "Make b"));
      await requestWayBack(site.store, new Map(), { upgrade: id, by: "someone", reason: "enough", boot: 0 });
      expect(await running).toBe("0");
      const { upgrade, entries } = await seen(site);
      expect(upgrade.state).toBe("rolled-back");
      expect(entries.find(({ says }) => says === "Make b")?.problem).toMatchObject({
        what: "the way back was asked for",
        why: "enough",
      });
      expect(made(site)).toEqual(["order"]);
    }));
});

describe.concurrent("two control planes on one database", { timeout: 120_000 }, () => {
  test("the upgrade of a living one is left alone; of a killed one it is taken over by the other, which was there before", () =>
    at(planOf([make("a"), make("b", { takesMs: 4_000 }), make("c")]), async (site) => {
      const first = control(site, { killAt: "before result apply b" });
      await until(site, (_, entries) => entries.some(({ says }) => says === "Make b"));
      const second = control(site, {});
      expect(await first).toBe("SIGKILL");
      expect(times(site, "apply b")).toBe(1);
      expect(await second).toBe("0");
      expect((await seen(site)).upgrade.state).toBe("upgraded");
      expect(log(site)).toEqual(["apply a", "apply b", "apply c"]);
    }));
});

// Last and alone: it kills the server that the others use.
test(
  "the database's own server is killed in the middle of a step: it is revived and no step is repeated",
  { timeout: 60_000 },
  () =>
    at(planOf([make("a"), make("b", { takesMs: 1_500 }), make("c")]), async (site) => {
      const running = control(site, { env: { HOME_OF_STORE: home } });
      await until(site, (_, entries) => entries.some(({ says }) => says === "Make b"));
      process.kill((await ensureEmbedded({ home })).pid, "SIGKILL");
      expect(await running).toBe("0");
      expect((await seen(site)).upgrade.state).toBe("upgraded");
      expect(log(site)).toEqual(["apply a", "apply b", "apply c"]);
    }),
);
