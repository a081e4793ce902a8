/** The engine on a real control database: what it refuses, what it leaves to people, and how it stops and goes on. */
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import type { Loss } from "../../src/model/loss.ts";
import type { TableEvents } from "../../src/model/row-events.ts";
import { type Plan, planHash, type PlanStep } from "../../src/model/plan.ts";
import { Problem } from "../../src/model/problem.ts";
import type { StepDefinition } from "../../src/model/step.ts";
import type { Journal, UpgradeState } from "../../src/model/upgrade.ts";
import type { World } from "../../src/model/world.ts";
import { systemClock } from "../../src/run/clock.ts";
import { type Engine, startEngine } from "../../src/run/engine.ts";
import { mustAccept } from "../../src/run/loss.ts";
import { requestsFor } from "../../src/store/control-requests.ts";
import type { InputSet } from "../../src/model/inputs/set.ts";
import { assertNoOverrides } from "../../src/steps/assert-no-overrides.ts";
import { steps } from "../../src/steps/registry.ts";
import { ensureEmbedded, removeEmbedded } from "../../src/store/embedded.ts";
import { gatesOf } from "../../src/store/gates.ts";
import { replaceInputs } from "../../src/store/inputs.ts";
import { journalOf } from "../../src/store/journal.ts";
import { saveLoss } from "../../src/store/losses.ts";
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
  fixed.length = 0;
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
      ["wait", { ...toy("wait", "always"), waits: true }],
      ["hot-fix", steps.get("hot-fix") as StepDefinition],
      ["reopen", toy("reopen", "until-writes")],
      ["assert-no-overrides", assertNoOverrides as StepDefinition],
      ["await-no-sessions", patient],
    ]),
    world: async (environment, token) => {
      tokens.push(token);
      const world = {
        ...{ environment, clock: systemClock },
        provider: { list: async () => [], survey: async () => ({ records: [] }), close: async () => void closed++ },
        redact: (text: string) => text,
        application: async () => application,
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
  byHand: () => ({ act: "-", see: "-", back: null }),
  limitMs: () => 30_000,
  async apply({ signal }, input) {
    deeds.push(`apply ${input}`);
    while (waiting.has(String(input))) await systemClock.sleep(10, signal);
    if (failing.has(String(input)))
      throw new Problem("step-failed", { what: `${input} fails`, why: "told so", next: "-" });
  },
  verify: async () => ({}),
  async undo({ signal }, input) {
    deeds.push(`undo ${input}`);
    while (waiting.has(`undo ${input}`)) await systemClock.sleep(10, signal);
    if (failing.has(`undo ${input}`))
      throw new Problem("step-failed", { what: `undo of ${input} fails`, why: "told so", next: "-" });
  },
});

/** Tells what it sees, and waits for somebody to say that sessions may be cut. */
const patient: StepDefinition = {
  ...toy("await-no-sessions", "always"),
  waits: true,
  async apply({ signal, tell, sessionsCut }, input) {
    deeds.push(`apply ${input}`);
    await tell({ left: 2 });
    for (let cut = await sessionsCut(); cut === null; cut = await sessionsCut()) await systemClock.sleep(10, signal);
  },
  async verify({ sessionsCut }) {
    const cut = await sessionsCut();
    if (cut) return { by: cut.by, reason: cut.reason };
    throw new Problem("refused", { what: "sessions are open", why: "nobody cut them", next: "-" });
  },
};

/** Scripts that were run on the one server there is, and jobs that were cancelled there. */
const fixed: string[] = [];
const application = {
  startTask: async ({ command }: { command: string }) => void fixed.push(command),
  task: async () => ({ state: "done", code: 0, timedOut: false, cancelled: false, began: true, output: "" }),
  cancelTask: async (id: string) => void fixed.push(`cancelled ${id.replace(/-u-.*/, "")}`),
};

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

test("an upgrade can't end while an input is lent; it is stuck until that is dropped or has lapsed, and then resumed", async () => {
  const hour = 3_600_000;
  const lent = (until: number): InputSet => [
    {
      ...{ place: { level: "server", owner: "app-3" }, input: "MODE", value: { text: "trial" } },
      lease: { by: "anna", why: "a trial", since: systemClock.now() - 2 * hour, until },
    },
  ];
  const look = { step: "assert-no-overrides", input: {}, says: "none is lent" };
  const left = () => begins(planFor("lent", [step("a", "burn"), look]));
  for (const mended of [[], lent(systemClock.now() - 1)]) {
    await replaceInputs(store, "lent", lent(systemClock.now() + 3 * hour));
    const id = await left();
    const { problem } = await reaches(id, "stuck");
    expect(problem?.why).toBe('MODE of server "app-3", overridden by anna (a trial), 2 h old, ends in 3 h');
    expect(problem?.next).toContain("changeover inputs promote lent");
    await replaceInputs(store, "lent", mended);
    await engine.resume(id, "someone");
    await reaches(id, "upgraded");
  }
  await replaceInputs(store, "elsewhere", lent(systemClock.now() + hour));
  await reaches(await left(), "upgraded");
});

test("a pause keeps the next step from beginning, also over a restart; resume goes on", async () => {
  waiting.add("a");
  const id = await begins(planFor("paused", [step("a"), step("b")]));
  await does("apply a");
  await engine.pause(id, "lena");
  await engine.pause(id, "again");
  expect((await findUpgrade(store, id))?.state, "the step in flight goes on").toBe("running");
  waiting.clear();
  expect(await reaches(id, "paused")).toMatchObject({ pausedBy: "lena" });
  await engine.stop();
  engine = await begin();
  await systemClock.sleep(700);
  expect(deeds).toEqual(["apply a"]);
  await engine.resume(id, "lena");
  expect(await reaches(id, "upgraded")).toMatchObject({ pausedAt: null });
  expect(deeds).toEqual(["apply a", "apply b"]);
  expect((await requestsFor(store, id)).map(({ verb, by }) => [verb, by])).toEqual([
    ["pause", "lena"],
    ["resume", "lena"],
  ]);
});

test("the way back can be taken out of a pause", async () => {
  const id = await begins(planFor("paused", [step("a"), gate, step("b")]));
  await reaches(id, "at-gate");
  await engine.pause(id, "lena");
  await engine.approve(id, "go", "lena", (await findUpgrade(store, id))?.planHash ?? "");
  await reaches(id, "paused");
  await engine.rollback(id, "lena", "changed my mind");
  await reaches(id, "rolled-back");
  expect(deeds).toEqual(["apply a", "undo a"]);
  await expect(engine.pause(id, "lena")).rejects.toMatchObject({ kind: "refused" });
});

test("an abort lets the step in flight end, undoes nothing and waits for a person", async () => {
  waiting.add("a");
  const id = await begins(planFor("aborted", [step("a"), step("b")]));
  await does("apply a");
  await engine.abort(id, "lena", "something smells");
  waiting.clear();
  const stuck = await reaches(id, "stuck");
  expect(stuck.problem).toMatchObject({ what: "aborted by lena", why: "something smells" });
  expect(stuck.problem?.next).toContain("changeover resume");
  expect(deeds).toEqual(["apply a"]);
  await expect(engine.abort(id, "lena", "again")).rejects.toMatchObject({ kind: "refused" });
  await engine.resume(id, "lena");
  await reaches(id, "upgraded");
  expect(deeds).toEqual(["apply a", "apply b"]);
});

test("an abort ends what only waits: a gate, a pause and a waiting step; the gate's time stands still", async () => {
  const id = await begins(planFor("aborted", [step("a"), gate, step("w", "wait"), step("b")]));
  await reaches(id, "at-gate");
  const [before] = await gatesOf(store, id);
  await engine.abort(id, "lena", "not now");
  await reaches(id, "stuck");
  await systemClock.sleep(300);
  await engine.resume(id, "lena");
  await reaches(id, "at-gate");
  const [after] = await gatesOf(store, id);
  expect((after?.deadlineAt ?? 0) - (before?.deadlineAt ?? 0)).toBeGreaterThanOrEqual(300);
  waiting.add("w");
  await engine.approve(id, "go", "lena", after?.planHash ?? "");
  await does("apply w");
  await engine.abort(id, "lena", "not now either");
  expect((await reaches(id, "stuck")).problem).toMatchObject({ what: "aborted by lena", why: "not now either" });
  await engine.rollback(id, "lena", "enough");
  await reaches(id, "rolled-back");
  expect(deeds).toEqual(["apply a", "apply w", "undo w", "undo a"]);
});

test("what a step tells is seen while it runs; a word to cut sessions is for the step that waits, and survives a restart", async () => {
  const waits = ["a", "b"].map((says) => step(says, "await-no-sessions"));
  const id = await begins(planFor("sessions", [...waits, gate]));
  await does("apply a");
  const told = async (index: number) => (await journalOf(store, id)).findLast((entry) => entry.index === index);
  for (let tries = 0; tries < 500 && !(await told(0))?.evidence; tries++) await systemClock.sleep(10);
  expect(await told(0)).toMatchObject({ result: null, evidence: { left: 2 } });
  await engine.stop();
  await engine.cutSessions(id, "lena", "it is late");
  engine = await begin();
  await does("apply b");
  expect(await told(0)).toMatchObject({ result: "done", evidence: { by: "lena", reason: "it is late" } });
  expect((await requestsFor(store, id)).map(({ verb, by }) => [verb, by])).toEqual([["cut-sessions", "lena"]]);
  await systemClock.sleep(100);
  expect(await told(1), "the first word was not about the second wait").toMatchObject({ result: null });
  await engine.cutSessions(id, "ben", "also");
  await reaches(id, "at-gate");
  await expect(engine.cutSessions(id, "ben", "again")).rejects.toThrow("waits for no sessions");
  expect(await told(1), "what was told stays with what proves it").toMatchObject({ evidence: { left: 2, by: "ben" } });
  await engine.rollback(id, "ben", "enough");
  await reaches(id, "rolled-back");
  await expect(engine.cutSessions(id, "ben", "again")).rejects.toThrow("has ended");
});

test("an abort on the way back stops it where it is; rollback goes on", async () => {
  waiting.add("undo b");
  const id = await begins(planFor("aborted", [step("a"), step("b"), gate]));
  await reaches(id, "at-gate");
  await engine.rollback(id, "lena", "back");
  await does("undo b");
  await engine.abort(id, "lena", "stop");
  waiting.clear();
  expect((await reaches(id, "stuck")).problem).toMatchObject({ what: "aborted by lena" });
  expect(deeds).toEqual(["apply a", "apply b", "undo b"]);
  await expect(engine.resume(id, "lena")).rejects.toMatchObject({ kind: "refused" });
  await engine.rollback(id, "lena", "go on");
  await reaches(id, "rolled-back");
  expect(deeds).toEqual(["apply a", "apply b", "undo b", "undo a"]);
});

describe("a hot-fix at a gate", () => {
  const again = [step("test {fix}")];
  const fix = {
    servers: ["app-1"],
    migrator: "app-1",
    primaryEndpoint: { address: "-", port: 1 },
    limitMs: 1_000,
    again,
  };
  const input = { gate: "go", question: "Go on?", deadlineMs: 60_000, evidenceOf: ["toy", "hot-fix"], fix };
  const mendable: PlanStep = { step: "gate", input, says: "Go on?" };
  const asks = (id: string, script: string, planHash: string) =>
    engine.fix({ upgrade: id, gate: "go", script, account: "application", planHash, by: "lena" });
  const asked = async (id: string, deed: string) => {
    await does(deed);
    for (let tries = 0; tries < 500; tries++) {
      const [seen] = await gatesOf(store, id);
      if (seen?.answer === null) return seen;
      await systemClock.sleep(10);
    }
    throw new Error("the gate did not ask again");
  };

  test("is run, what follows it is done again, and the gate asks again with new evidence", async () => {
    const plan = planFor("mended", [step("a"), mendable, step("b")]);
    const id = await begins(plan);
    await reaches(id, "at-gate");
    await expect(asks(id, "true", "other")).rejects.toMatchObject({ kind: "not-found" });
    expect(await asks(id, "sed -i s/bad/good/ page", planHash(plan))).toBe(1);
    const seen = await asked(id, "apply test 1");
    expect(seen.evidence.map(({ says }) => says)).toEqual([
      "a",
      expect.stringMatching(/^Run hot-fix 1 \([0-9a-f]{12}\) as the application on "app-1"$/),
      "test 1",
    ]);
    expect(fixed).toEqual(["sed -i s/bad/good/ page"]);
    await engine.approve(id, "go", "lena", planHash(plan));
    await reaches(id, "upgraded");
    expect(deeds).toEqual(["apply a", "apply test 1", "apply b"]);
    expect((await requestsFor(store, id)).map(({ verb }) => verb)).toEqual(["fix", "approve"]);
  });

  test("that does not hold keeps the gate shut until another one does; the way back ends its job", async () => {
    failing.add("test 1");
    const plan = planFor("mended", [step("a"), mendable, step("b")]);
    const id = await begins(plan);
    await reaches(id, "at-gate");
    await asks(id, "first", planHash(plan));
    expect(await asked(id, "apply test 1")).toMatchObject({ blocked: "test 1 fails: told so" });
    await expect(engine.approve(id, "go", "lena", planHash(plan))).rejects.toMatchObject({
      kind: "refused",
      text: { why: "test 1 fails: told so", next: expect.stringContaining("changeover fix") },
    });
    await asks(id, "second", planHash(plan));
    expect(await asked(id, "apply test 2")).toMatchObject({ blocked: null });
    await engine.deny(id, "go", "lena", planHash(plan));
    await reaches(id, "rolled-back");
    expect(deeds).toEqual(["apply a", "apply test 1", "apply test 2", "undo a"]);
    expect(fixed).toEqual(["first", "second", "cancelled fix-2", "cancelled fix-1"]);
  });

  test("is refused where the plan has none", async () => {
    const plan = planFor("mended", [step("a"), gate]);
    const id = await begins(plan);
    await reaches(id, "at-gate");
    await expect(asks(id, "true", planHash(plan))).rejects.toMatchObject({
      kind: "refused",
      text: { what: 'gate "go" takes no hot-fix' },
    });
    await engine.deny(id, "go", "lena", planHash(plan));
    await reaches(id, "rolled-back");
  });
});

test("a gate whose deadline lets it go on is passed by the deadline, and --yes leaves it alone", async () => {
  const input = { gate: "keep", question: "Enough?", deadlineMs: 900, atDeadline: "go-on", answeredByYes: false };
  const id = await begins(planFor("kept", [{ step: "gate", input, says: "Enough?" }, step("a")]), true);
  await reaches(id, "at-gate");
  await reaches(id, "upgraded");
  expect((await gatesOf(store, id))[0]).toMatchObject({ answer: "approved", answeredBy: "deadline" });
});

const keepGate: PlanStep = {
  step: "gate",
  input: { gate: "retire", question: "Retire?", deadlineMs: 60_000, atDeadline: "go-on", answeredByYes: false },
  says: "Retire?",
};

test("a gate that keeps the way back can't be denied: who wants back asks for the way back", async () => {
  const plan = planFor("kept", [step("a"), keepGate, step("b")]);
  const id = await begins(plan, true);
  await reaches(id, "at-gate");
  await expect(engine.deny(id, "retire", "someone", planHash(plan))).rejects.toMatchObject({
    kind: "refused",
    text: { next: expect.stringContaining(`changeover rollback ${id}`) },
  });
  await engine.approve(id, "retire", "someone", planHash(plan));
  await reaches(id, "upgraded");
});

const loss: Loss = {
  ...{ hash: "abc", since: "0-1-1", sinceAt: 0, upTo: "0-1-4", events: 3, statements: 0, exportedTo: "-" },
  tables: [{ table: "orders", inserted: 3, updated: 0, deleted: 0, net: 3 }],
};

test("after reopening the way back is refused without an accepted loss, and taken with one, from a gate", async () => {
  const id = await begins(planFor("priced", [step("a"), step("open", "reopen"), keepGate]));
  await reaches(id, "at-gate");
  await expect(engine.rollback(id, "someone", "wrong")).rejects.toMatchObject({
    kind: "refused",
    text: { why: expect.stringContaining("reopened") },
  });
  await engine.rollback(id, "someone", "wrong", loss);
  await reaches(id, "rolled-back");
  expect(deeds).toEqual(["apply a", "apply open", "undo open", "undo a"]);
  expect((await requestsFor(store, id)).map(({ reason }) => reason)).toEqual([
    "wrong; accepts abc: 3 row events in 1 table (orders 3 inserted)",
  ]);
});

test("a loss is accepted by the hash that was shown; more rows are, another table is asked again", async () => {
  const id = await begins(planFor("accepting", [keepGate]));
  await reaches(id, "at-gate");
  await saveLoss(store, id, loss);
  const later = { ...loss, hash: "def", events: 9, tables: [{ ...loss.tables[0], inserted: 9 } as TableEvents] };
  expect(await mustAccept(store, id, later, "abc")).toEqual(loss);
  const asked = { kind: "refused", text: { next: `changeover rollback ${id} --accept-loss def` } };
  await expect(mustAccept(store, id, later, null)).rejects.toMatchObject(asked);
  await expect(mustAccept(store, id, later, "xyz")).rejects.toMatchObject(asked);
  const other = { ...later, tables: [...later.tables, { ...loss.tables[0], table: "invoices" } as TableEvents] };
  await expect(mustAccept(store, id, other, "abc")).rejects.toMatchObject({
    text: { why: expect.stringContaining("rows of other tables were written: invoices") },
  });
  await engine.rollback(id, "someone", "enough");
  await reaches(id, "rolled-back");
});

test("a failure after reopening is stuck and open; its way back can be accepted, and need not be accepted twice", async () => {
  failing.add("b").add("undo a");
  const id = await begins(planFor("priced-stuck", [step("a"), step("open", "reopen"), step("b")]));
  expect((await reaches(id, "stuck")).problem).toMatchObject({ what: "b fails" });
  expect(deeds).not.toContain("undo open");
  await engine.rollback(id, "someone", "wrong", loss);
  await does("undo a");
  expect((await reaches(id, "stuck")).problem).toMatchObject({ what: "undo of a fails" });
  failing.clear();
  await engine.rollback(id, "someone", "mended");
  await reaches(id, "rolled-back");
  expect(deeds.filter((deed) => deed === "undo open")).toHaveLength(1);
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
