/** How forecasts, predictions and rehearsals read: numbers where they are known, and "unknown" in words where they are not. */
import { expect, test } from "vitest";
import type { Forecast } from "../../src/model/forecast.ts";
import type { Plan } from "../../src/model/plan.ts";
import type { RehearsalView } from "../../src/model/rehearsal.ts";
import type { UpgradeRecord } from "../../src/model/upgrade.ts";
import { bytes } from "../../src/view/amounts.ts";
import { drawPlan } from "../../src/view/plan-text.ts";
import { drawRehearsal } from "../../src/view/rehearsal.ts";
import { composeReport } from "../../src/view/report.ts";
import { drawReport } from "../../src/view/report-text.ts";

const step = (name: string, phase?: "migration") => ({
  step: name,
  input: {},
  says: `Do ${name}`,
  ...(phase ? { phase } : {}),
});
const plan: Plan = {
  format: 1,
  environment: "live",
  strategy: "major",
  from: "1",
  to: "2",
  stages: [
    {
      name: "Begin",
      parallel: false,
      wayBack: "undo it",
      steps: [step("maintenance-on"), step("migrate", "migration")],
    },
    { name: "Reopen", parallel: true, wayBack: "none that is free", steps: [step("reopen")] },
  ],
  afterWayBack: [],
  failAt: null,
};
const known: Forecast = {
  from: "rehearsal",
  databaseBytes: 12_000_000,
  totalMs: 9_000,
  windowMs: 8_000,
  migrationMs: 5_000,
  snapshotMs: 0,
  diskBytes: 482_000_000,
  stages: [
    { expectedMs: 7_000, wayBackMs: 12_000 },
    { expectedMs: 1_000, wayBackMs: null },
  ],
  unknown: [],
};

test("a plan says what to expect of each stage, and what its way back takes while there is one", () => {
  const drawn = drawPlan(plan, "0123", known).join("\n");
  expect(drawn).toContain("expected: window about 8.0 s, all about 9.0 s, disk 482 MB; from a rehearsal of this plan");
  expect(drawn).toContain("Begin · about 7.0 s\n  way back: undo it · about 12.0 s");
  expect(drawn).toContain("Reopen (at once) · about 1.0 s\n  way back: none that is free\n");
});

test("what nobody has timed is said in words, together with how to find out", () => {
  const nothing = { ...known, from: null, totalMs: null, windowMs: null, diskBytes: null };
  expect(drawPlan(plan, "0123", nothing)[1]).toContain("expected: unknown, nothing of this kind was timed here yet");
  const some: Forecast = { ...nothing, from: "past upgrades", unknown: ["Do migrate", "Do reopen"] };
  const drawn = drawPlan(plan, "0123", some).join("\n");
  expect(drawn).toContain("window unknown, all unknown, disk unknown; from past upgrades");
  expect(drawn).toContain("never timed: Do migrate and 1 more (changeover rehearse --to 2)");
  expect(drawn).not.toMatch(/null|NaN|undefined/);
});

const record = {
  options: { yes: true },
  id: "u-1",
  environment: "live",
  state: "upgraded",
  reason: null,
  createdAt: 0,
  startedAt: 0,
  endedAt: null,
} as unknown as UpgradeRecord;
const facts = { record, plan, gates: [], requests: [], ledger: null };
const entry = (index: number, from: number, to: number, evidence: Record<string, number> = {}) => ({
  ...{ upgrade: "u-1", sequence: index + 1, index, stage: "", says: "", direction: "apply" as const, try: 1 },
  ...{ intentAt: from, resultAt: to, durationMs: to - from, result: "done" as const, acted: true, foundDone: false },
  ...{ step: ["maintenance-on", "migrate", "reopen", "read-disk"][index] ?? "", evidence, problem: null },
});
const entries = [
  entry(0, 0, 100),
  entry(1, 100, 5_600),
  entry(2, 5_700, 6_000),
  entry(3, 6_000, 6_100, { bytes: 5e8 }),
];

test("a report puts what was foretold at the start beside what came of it", () => {
  const report = composeReport({ ...facts, entries, forecast: known });
  expect(report.prediction).toEqual({
    from: "rehearsal",
    windowMs: 8_000,
    migrationMs: 5_000,
    snapshotMs: 0,
    diskBytes: 482_000_000,
  });
  expect(report.truth).toEqual({ windowMs: 6_000, migrationMs: 5_500, snapshotMs: 0, diskBytes: 5e8 });
  expect(drawReport(report).join("\n")).toContain(
    "costs      window 8.0 s → 6.0 s, migration 5.0 s → 5.5 s, snapshots 0 ms → 0 ms, disk 482 MB → 500 MB (foretold by a rehearsal → measured)",
  );
});

test("a report without a forecast, or of an upgrade that went back, guesses nothing", () => {
  const report = composeReport({ ...facts, entries: entries.slice(0, 1), forecast: null });
  expect(report.prediction).toBeNull();
  expect(report.truth).toEqual({ windowMs: null, migrationMs: null, snapshotMs: 0, diskBytes: null });
  expect(drawReport(report).join("\n")).not.toContain("costs");
  const unknown = { ...known, from: null };
  expect(composeReport({ ...facts, entries, forecast: unknown }).prediction).toBeNull();
});

test("a rehearsal says what it took, or at which step it failed", () => {
  const seen: RehearsalView = {
    ...{ id: "r-1", environment: "live", clone: "live-rehearsal", to: "2", failAt: null, askedBy: "someone" },
    strategy: "major",
    ...{ createdAt: 0, endedAt: 1, cancelledBy: null, upgrades: ["u-1", "u-2"], state: "rehearsed", problem: null },
    result: { upgrade: "u-2", costs: known, databaseBytes: 12_000_000, backupBytes: 160_000_000 },
  };
  const drawn = drawRehearsal(seen).join("\n");
  expect(drawn).toContain("✓ live → 2 rehearsed on a clone, which is gone (r-1)");
  expect(drawn).toContain("window   8.0 s (migration 5.0 s, snapshots 0 ms)");
  expect(drawn).toContain("disk     482 MB at most, tables 12 MB, one backup 160 MB");
  const problem = { kind: "step-failed" as const, what: 'it broke (at "Do migrate")', why: "exit\n1", next: "mend it" };
  const failed = drawRehearsal({ ...seen, state: "failed", problem, result: null }).join("\n");
  expect(failed).toContain('why:     it broke (at "Do migrate") · exit / 1\n  next:    mend it');
});

test.each([
  [0, "0 bytes"],
  [999, "999 bytes"],
  [1_200, "1.2 kB"],
  [99_960, "100 kB"],
  [999_600, "1.0 MB"],
  [482_100_000, "482 MB"],
  [1.25e9, "1.3 GB"],
  [7e15, "7000 TB"],
  [null, "not measured"],
])("%s reads as %s", (amount, text) => expect(bytes(amount)).toBe(text));
