/** The engine on a real control database: what it refuses, what it leaves to people, and how it stops and goes on. */
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { type Plan, planHash, type PlanStep } from "../../src/model/plan.ts";
import { Problem } from "../../src/model/problem.ts";
import type { StepDefinition } from "../../src/model/step.ts";
import type { Journal, UpgradeState } from "../../src/model/upgrade.ts";
import type { World } from "../../src/model/world.ts";
import { systemClock } from "../../src/run/clock.ts";
import { type Engine, startEngine } from "../../src/run/engine.ts";
import { requestsFor } from "../../src/store/control-requests.ts";
import { ensureEmbedded, removeEmbedded } from "../../src/store/embedded.ts";
import { gatesOf } from "../../src/store/gates.ts";
import { journalOf } from "../../src/store/journal.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { findUpgrade, type UpgradeRun } from "../../src/store/upgrades.ts";

const home = mkdtempSync(path.join(os.tmpdir(), "changeover-engine-"));
let store: Store;
let engine: Engine;
let deeds: string[] = [];
/** Names of steps that fail, and of steps that wait until they are aborted or let go. */
const failing = new Set<string>();
const waiting = new Set<string>();
const tokens: number[] = [];
let closed = 0;
let journalTrouble: string | null = null;

beforeAll(async () => {
  const { url } = await ensureEmbedded({ home });
  store = await openStore({ url });
  engine = await begin();
}, 60_000);

afterEach(() => {
  deeds = [];
  failing.clear();
  waiting.clear();
  journalTrouble = null;
});

afterAll(async () => {
  await engine?.stop();
  await store?.close();
  await removeEmbedded({ home });
  rmSync(home, { recursive: true, force: true });
}, 60_000);

function begin(): Promise<Engine> {
  return startEngine({
    store,
    url: store.url,
    steps: new Map([
      ["toy", toy("toy", "always")],
      ["burn", toy("burn", "never")],
    ]),
    world: async (_environment, token) => {
      tokens.push(token);
      const world = {
        provider: { list: async () => [], close: async () => void closed++ },
        redact: (text: string) => text,
        within: () => world,
      };
      return world as unknown as World;
    },
    clock: systemClock,
    takeoverMs: 0,
    pausesMs: [5],
    journal: troubled,
  });
}

const toy = (name: string, undoable: StepDefinition["undoable"]): StepDefinition => ({
  name,
  input: z.string(),
  undoable,
  says: (input) => String(input),
  limitMs: () => 30_000,
  async apply({ signal }, input) {
    deeds.push(`apply ${input}`);
    while (waiting.has(String(input))) await systemClock.sleep(10, signal);
    if (failing.has(String(input)))
      throw new Problem("step-failed", { what: `${input} fails`, why: "told so", next: "-" });
  },
  verify: async () => ({}),
  async undo(_context, input) {
    deeds.push(`undo ${input}`);
  },
});

/** The engine's own trouble: not a step's failure, nor a lost connection. */
const troubled = (journal: Journal): Journal => ({
  ...journal,
  begin: async (step, direction) => {
    if (step.says !== journalTrouble) return journal.begin(step, direction);
    throw new Error("the journal is out of order");
  },
});

const step = (says: string, name = "toy"): PlanStep => ({ step: name, input: says, says });
const gate: PlanStep = { step: "gate", input: { gate: "go", question: "Go on?", deadlineMs: 60_000 }, says: "Go on?" };
const planFor = (environment: string, steps: PlanStep[]): Plan => ({
  format: 1,
  environment,
  strategy: "major",
  from: "1",
  to: "2",
  stages: [{ name: "only", parallel: false, steps, wayBack: "" }],
  afterWayBack: [],
  failAt: null,
});

const begins = (plan: Plan, yes = false): Promise<string> => engine.startUpgrade(plan, { yes, by: "someone" });

async function reaches(id: string, state: UpgradeState): Promise<UpgradeRun> {
  for (let tries = 0; tries < 1_000; tries++) {
    const upgrade = await findUpgrade(store, id);
    if (upgrade?.state === state) return upgrade;
    await systemClock.sleep(20);
  }
  throw new Error(`${id} is ${(await findUpgrade(store, id))?.state}, not ${state}`);
}

async function does(deed: string): Promise<void> {
  for (let tries = 0; tries < 1_000 && !deeds.includes(deed); tries++) await systemClock.sleep(10);
  expect(deeds).toContain(deed);
}

test("an upgrade runs under a token of its own, newer than the boot's, and closes its world", async () => {
  const before = closed;
  await reaches(await begins(planFor("plain", [step("a"), step("b")])), "upgraded");
  expect(deeds).toEqual(["apply a", "apply b"]);
  expect(tokens.at(-1)).toBeGreaterThan(engine.token);
  for (let tries = 0; tries < 100 && closed === before; tries++) await systemClock.sleep(10);
  expect(closed).toBe(before + 1);
});

test("a second upgrade of the same environment is refused with the first one's id; another environment is free", async () => {
  waiting.add("a");
  const first = await begins(planFor("busy", [step("a")]));
  await expect(begins(planFor("busy", [step("b")]))).rejects.toMatchObject({
    kind: "refused",
    text: { why: expect.stringContaining(first), next: `changeover watch ${first}` },
  });
  await reaches(await begins(planFor("free", [step("b")])), "upgraded");
  waiting.clear();
  await reaches(first, "upgraded");
});

test("--yes answers the gate; without it a person does, and a denial takes the way back", async () => {
  const yes = await begins(planFor("gated", [step("a"), gate, step("b")]), true);
  await reaches(yes, "upgraded");
  expect((await gatesOf(store, yes))[0]).toMatchObject({ answer: "approved", answeredBy: "--yes" });

  const plan = planFor("gated", [step("c"), gate, step("d")]);
  const denied = await begins(plan);
  await reaches(denied, "at-gate");
  await expect(engine.approve(denied, "other", "someone", planHash(plan))).rejects.toMatchObject({ kind: "not-found" });
  await engine.deny(denied, "go", "someone", planHash(plan));
  expect((await reaches(denied, "rolled-back")).reason).toBe('gate "go" was denied: by someone');
  expect(deeds).toEqual(["apply a", "apply b", "apply c", "undo c"]);
});

test("the way back, asked for at a gate or in a step, is taken at once; asked for twice, it is taken once", async () => {
  const atGate = await begins(planFor("back", [step("a"), gate]));
  await reaches(atGate, "at-gate");
  await engine.rollback(atGate, "someone", "changed my mind");
  expect((await reaches(atGate, "rolled-back")).reason).toBe("the way back was asked for: changed my mind");

  waiting.add("b");
  const inStep = await begins(planFor("back", [step("b")]));
  await does("apply b");
  await Promise.all([engine.rollback(inStep, "one", "first"), engine.rollback(inStep, "two", "second")]);
  await reaches(inStep, "rolled-back");
  expect(deeds).toEqual(["apply a", "undo a", "apply b", "undo b"]);
  await expect(engine.rollback(inStep, "someone", "again")).rejects.toMatchObject({ kind: "refused" });
  await expect(engine.rollback("u-none", "someone", "?")).rejects.toMatchObject({ kind: "not-found" });
});

test("once the way back is closed it is refused with the reason; what is stuck is mended and resumed", async () => {
  failing.add("c");
  const id = await begins(planFor("closed", [step("a"), step("b", "burn"), step("c"), step("d")]));
  const stuck = await reaches(id, "stuck");
  expect(stuck.problem).toMatchObject({ what: "c fails" });
  await expect(engine.rollback(id, "someone", "please")).rejects.toMatchObject({
    kind: "refused",
    text: { why: 'the step "burn" was done, and it can\'t be undone' },
  });
  failing.clear();
  await engine.resume(id, "someone");
  await reaches(id, "upgraded");
  expect(deeds).toEqual(["apply a", "apply b", "apply c", "apply c", "apply c", "apply d"]);
  expect((await requestsFor(store, id)).map(({ verb, by }) => [verb, by])).toEqual([["resume", "someone"]]);
  await expect(engine.resume(id, "someone")).rejects.toMatchObject({ kind: "refused" });
});

test("the engine's own trouble never takes anything back: it is stuck, says why, and a person decides", async () => {
  journalTrouble = "b";
  const id = await begins(planFor("trouble", [step("a"), step("b")]));
  expect((await reaches(id, "stuck")).problem).toMatchObject({ why: "the journal is out of order" });
  expect(deeds).toEqual(["apply a"]);
  journalTrouble = null;
  await engine.rollback(id, "someone", "better not");
  await reaches(id, "rolled-back");
  expect(deeds).toEqual(["apply a", "undo a"]);
});

test("stopping leaves a step as a crash would; the next engine looks first and goes on", async () => {
  waiting.add("b");
  const id = await begins(planFor("stopped", [step("a"), step("b"), step("c")]));
  await does("apply b");
  await engine.stop();
  expect((await journalOf(store, id)).map(({ says, result }) => [says, result])).toEqual([
    ["a", "done"],
    ["b", null],
  ]);
  waiting.clear();
  engine = await begin();
  await reaches(id, "upgraded");
  const entries = await journalOf(store, id);
  expect(entries.map(({ says, result, foundDone }) => [says, result, foundDone])).toEqual([
    ["a", "done", false],
    ["b", null, false],
    ["b", "done", true],
    ["c", "done", false],
  ]);
});

test("a plan that this release can't run is refused, and the environment stays free", async () => {
  await expect(begins(planFor("unknown", [step("a", "dance")]))).rejects.toMatchObject({ kind: "bad-input" });
  await reaches(await begins(planFor("unknown", [step("a")])), "upgraded");
});
