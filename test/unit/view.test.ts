/** What people see: the ladder in each state, and the report's sums, as text that is compared to the letter. */
import { expect, test } from "vitest";
import type { Plan, PlanStep } from "../../src/model/plan.ts";
import type { Direction, GateRecord, JournalEntry, UpgradeRecord } from "../../src/model/upgrade.ts";
import { drawLadder, oneLine, seconds } from "../../src/view/ladder.ts";
import { composeReport } from "../../src/view/report.ts";
import { reportMarkdown } from "../../src/view/report-markdown.ts";
import { drawReport } from "../../src/view/report-text.ts";
import { viewUpgrade } from "../../src/view/upgrade-view.ts";

const act = (step: string, says: string, phase?: PlanStep["phase"]): PlanStep => ({ step, input: {}, says, phase });
const plan: Plan = {
  format: 1,
  environment: "shop",
  strategy: "major",
  from: "1",
  to: "2",
  stages: [
    {
      name: "Prepare",
      parallel: false,
      wayBack: "undo; costs nothing",
      steps: [act("read-traffic", "Count"), act("launch", "Launch")],
    },
    {
      name: "Migrate",
      parallel: false,
      wayBack: "promote the standby",
      steps: [act("migrate", "Migrate", "migration")],
    },
    {
      name: "Reopen",
      parallel: false,
      wayBack: "none",
      steps: [act("reopen", "Reopen", "reopen"), act("read-traffic", "Count")],
    },
  ],
  afterWayBack: [{ name: "Set in order", parallel: false, wayBack: "again", steps: [act("order", "Set in order")] }],
  failAt: null,
};

const record = (more: Partial<UpgradeRecord> = {}): UpgradeRecord => ({
  id: "u-1",
  environment: "shop",
  planHash: "abc",
  state: "running",
  options: { yes: true },
  askedBy: "a test",
  createdAt: 0,
  startedAt: 0,
  endedAt: null,
  reason: null,
  problem: null,
  wayBackAt: null,
  wayBackBy: null,
  pausedAt: null,
  pausedBy: null,
  abortedAt: null,
  abortedBy: null,
  token: 1,
  ...more,
});

const everything = plan.stages.flatMap(({ steps }) => steps);
let sequence = 0;
function entry(index: number, direction: Direction, more: Partial<JournalEntry> = {}): JournalEntry {
  const steps = direction === "after" ? plan.afterWayBack.flatMap((stage) => stage.steps) : everything;
  const { step, says } = steps[index] as PlanStep;
  return {
    upgrade: "u-1",
    sequence: ++sequence,
    index,
    stage: "",
    step,
    says,
    direction,
    try: 1,
    intentAt: 0,
    resultAt: 0,
    result: "done",
    acted: true,
    foundDone: false,
    evidence: null,
    problem: null,
    durationMs: 400,
    ...more,
  };
}
const open = { result: null, resultAt: null, durationMs: null } as const;
const failed = {
  result: "failed",
  problem: { kind: "step-failed", what: "the migration failed", why: "exit 1:\n  no such table", next: "mend it" },
} as const;

const draw = (of: UpgradeRecord, entries: JournalEntry[], gates: GateRecord[] = [], columns = 80): string =>
  `\n${drawLadder(viewUpgrade({ record: of, plan, entries, gates }), { open: false, columns }).join("\n")}\n`;

test("before it begins, the ladder waits", () => {
  expect(draw(record({ state: "waiting" }), [])).toBe(`
shop: major 1 → 2 · waiting · u-1
· Prepare
· Migrate
· Reopen
Way back now: nothing was done yet
`);
});

test("on the way: what is over is folded, what is in flight is open, and the way back has its price", () => {
  expect(draw(record(), [entry(0, "apply"), entry(1, "apply", { durationMs: 2_000 }), entry(2, "apply", open)])).toBe(`
shop: major 1 → 2 · running · u-1
✓ Prepare  2.4 s
▸ Migrate  0 ms
  ▸ Migrate
· Reopen
Way back now: promote the standby
`);
});

const gate: GateRecord = {
  upgrade: "u-1",
  gate: "reopen",
  question: "Reopen?",
  askedAt: 0,
  deadlineAt: 9,
  atDeadline: "way-back",
  evidence: [{ says: "Migrate", facts: { exit: 0, schemaAfter: "abcdef" } }],
  blocked: null,
  answer: null,
  answeredBy: null,
  answeredAt: null,
  planHash: "abc",
};

test("at a gate: the question, its evidence, and the commands that answer it", () => {
  const drawn = draw(record({ state: "at-gate" }), [entry(0, "apply")], [gate]);
  expect(drawn).toContain(`? Gate "reopen": Reopen?
    Migrate: exit 0, schemaAfter abcdef
  until 1970-01-01T00:00:00.009Z, then the way back is taken
  changeover approve u-1 reopen, or: changeover deny u-1 reopen`);
  const blocked = draw(record({ state: "at-gate" }), [], [{ ...gate, blocked: "the fix failed" }]);
  expect(blocked).toContain("  shut: the fix failed\n");
  expect(draw(record(), [entry(0, "apply")], [gate])).not.toContain("? Gate");
});

test("after a way back: what failed and why on one line, what was undone, and what was set in order", () => {
  const entries = [
    entry(0, "apply"),
    entry(1, "apply"),
    entry(2, "apply", failed),
    entry(2, "undo"),
    entry(1, "undo"),
    entry(0, "after"),
  ];
  const of = record({ state: "rolled-back", reason: "the migration failed: exit 1:\n  no such table" });
  expect(draw(of, entries)).toBe(`
shop: major 1 → 2 · rolled-back · u-1
↩ Prepare  800 ms
↩ Migrate  400 ms
· Reopen
✓ Set in order  400 ms
Reason: the migration failed: exit 1: / no such table
`);
});

test("a step that failed is shown with what was seen, cut to the width of the terminal", () => {
  const drawn = draw(record({ state: "rolling-back" }), [entry(2, "apply", failed)], [], 40);
  expect(drawn).toContain("  ✗ Migrate  400 ms\n      the migration failed · exit 1: / …\n");
  for (const line of drawn.split("\n")) expect(line.length).toBeLessThanOrEqual(40);
});

test("an undo that goes on is shown as such", () => {
  expect(draw(record({ state: "rolling-back" }), [entry(2, "apply", failed), entry(2, "undo", open)])).toContain(
    "↶ Migrate  400 ms\n  ↶ Migrate",
  );
});

test("times and lines", () => {
  expect([seconds(0), seconds(999.4), seconds(1_000), seconds(61_250)]).toEqual(["0 ms", "999 ms", "1.0 s", "61.3 s"]);
  expect(oneLine("  a\n\n  b \n c ")).toBe("a / b / c");
});

const counted = (requests: number, paged: number) => ({ evidence: { requests, paged, held: 0, failed: 1 } });
const whole = [
  entry(0, "apply", counted(100, 0)),
  entry(1, "apply"),
  entry(2, "apply", { ...failed, durationMs: 50 }),
  entry(2, "apply", { try: 2, durationMs: 150 }),
  entry(3, "apply", { durationMs: 30 }),
  entry(4, "apply", counted(180, 25)),
];

test("the report adds up phases over every try, and counts between the first and the last look", () => {
  const report = composeReport({
    record: record({ state: "upgraded" }),
    plan,
    entries: whole,
    gates: [gate],
    requests: [{ upgrade: "u-1", verb: "approve", by: "lena", at: 5, reason: "reopen" }],
    ledger: null,
  });
  expect(report).toMatchObject({
    outcome: "upgraded",
    from: "1",
    to: "2",
    reason: null,
    requests: { total: 80, failed: 0, held: 0, paged: 25 },
    writes: { acknowledged: 0, lost: 0, duplicated: 0 },
    clientDowntimeMs: null,
    writeGapMs: null,
    ledger: null,
  });
  expect(report.phases).toEqual({
    fenceMs: 0,
    syncMs: 0,
    snapshotMs: 0,
    migrationMs: 200,
    startMs: 0,
    smokeMs: 0,
    swapMs: 0,
    reopenMs: 30,
  });
  expect(report.steps).toHaveLength(whole.length);
});

test("undone steps are told as such and add to no phase", () => {
  const entries = [...whole.slice(0, 3), entry(2, "undo", { durationMs: 9_000 })];
  const of = record({ state: "rolled-back", reason: "the migration failed: exit 1" });
  const report = composeReport({ record: of, plan, entries, gates: [], requests: [], ledger: null });
  expect(report.phases.migrationMs).toBe(50);
  expect(report.steps.at(-1)).toMatchObject({
    name: "undo migrate",
    says: "Undo: Migrate",
    durationMs: 9_000,
    result: "done",
  });
  expect(drawReport(report).slice(0, 2)).toEqual([
    "↩ shop: 1 → 2 rolled-back (major, u-1)",
    "  reason     the migration failed: exit 1",
  ]);
});

test("the report as a document tells who decided what, what the gate showed, and every step with its result", () => {
  const document = reportMarkdown(
    composeReport({
      record: record({ state: "upgraded", endedAt: 60_000 }),
      plan,
      entries: [...whole, entry(4, "apply", { says: "Count | again", result: null, durationMs: null })],
      gates: [
        { ...gate, answer: "approved", answeredBy: "lena", answeredAt: 5 },
        { ...gate, gate: "retire", evidence: [], answer: "approved", answeredBy: "deadline", answeredAt: 9 },
      ],
      requests: [
        { upgrade: "u-1", verb: "pause", by: "olaf", at: 3, reason: "" },
        { upgrade: "u-1", verb: "approve", by: "lena", at: 5, reason: "reopen" },
      ],
      ledger: null,
    }),
  );
  expect(document).toContain("# shop: 1 → 2, upgraded\n");
  expect(document).toContain(`| When | Who | What | Reason |
| --- | --- | --- | --- |
| 1970-01-01T00:00:00.000Z | a test | upgrade by plan abc |  |
| 1970-01-01T00:00:00.003Z | olaf | pause |  |
| 1970-01-01T00:00:00.005Z | lena | approve "reopen" |  |
| 1970-01-01T00:00:00.009Z | deadline | approved "retire" |  |
`);
  expect(document).toContain("**reopen**: Reopen?\n\n- Migrate: exit 0, schemaAfter abcdef\n");
  expect(document).toContain("| Writes | not counted: no ledger ran |");
  expect(document).toContain("| Migrate<br>");
  expect(document, "a crash left it without a result").toContain("| Count \\| again | cut short |");
});

test("what a way back after reopening lost is reported from its export, and only when the site was reopened", () => {
  const tables = [{ table: "orders", inserted: 2, updated: 0, deleted: 0, net: 2 }];
  const evidence = { events: 2, statements: 0, tables: JSON.stringify(tables), exportedTo: "exports/u-1-lost.jsonl" };
  const undone = entry(2, "undo", { evidence });
  const of = record({ state: "rolled-back", reason: "wrong" });
  const reported = (entries: JournalEntry[]) =>
    composeReport({ record: of, plan, entries, gates: [], requests: [], ledger: null });
  const report = reported([...whole, undone]);
  expect(report.loss).toEqual({ tables, events: 2, statements: 0, exportedTo: "exports/u-1-lost.jsonl" });
  expect(drawReport(report)).toContain(
    "  loss       2 row events in 1 table (orders 2 inserted): exports/u-1-lost.jsonl",
  );
  expect(reported([...whole.slice(0, 3), undone]).loss).toBeNull();
  expect(reported(whole).loss).toBeNull();
});
