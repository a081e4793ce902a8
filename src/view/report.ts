/** Composes the report of an ended upgrade from its plan, its journal, the load balancers' counters and the ledger. Pure. */
import { measuredCosts } from "../model/costs.ts";
import type { Forecast } from "../model/forecast.ts";
import { kindOf, PHASES, type Plan } from "../model/plan.ts";
import type { Decision, LedgerSummary, Report, ReportedStep } from "../model/report.ts";
import type { TrafficCounters } from "../model/load-balancer.ts";
import type { ControlRequest, GateRecord, JournalEntry, UpgradeRecord } from "../model/upgrade.ts";

export interface ReportFacts {
  record: UpgradeRecord;
  plan: Plan;
  entries: JournalEntry[];
  gates: GateRecord[];
  requests: ControlRequest[];
  ledger: LedgerSummary | null;
  /** As it was when the upgrade was started. */
  forecast?: Forecast | null;
}

export function composeReport({
  record,
  plan,
  entries,
  gates,
  requests,
  ledger,
  forecast = null,
}: ReportFacts): Report {
  const traffic = trafficBetween(entries);
  return {
    outcome: record.state === "upgraded" ? "upgraded" : "rolled-back",
    strategy: plan.strategy,
    kind: kindOf(plan.strategy),
    downtime: downtimeOf(plan),
    why: record.options.why ?? null,
    tell: record.options.tell ?? [],
    environment: record.environment,
    upgrade: record.id,
    from: plan.from,
    to: plan.to,
    planHash: record.planHash,
    askedBy: record.askedBy,
    startedAt: iso(record.startedAt),
    endedAt: iso(record.endedAt),
    reason: record.reason,
    requests: ledger
      ? { ...ledger.requests, held: traffic.held }
      : { total: traffic.requests, failed: traffic.failed, held: traffic.held, paged: traffic.paged },
    writes: ledger?.writes ?? { acknowledged: 0, lost: 0, duplicated: 0 },
    clientDowntimeMs: ledger?.clientDowntimeMs ?? null,
    writeGapMs: ledger?.writeGapMs ?? null,
    loss: lossIn(entries),
    phases: addPhases(plan, entries),
    prediction: predictionOf(forecast),
    truth: measuredCosts(plan, entries),
    steps: entries.map(stepOf),
    decisions: decisionsIn(record, gates, requests),
    gates: gates.map(({ gate, question, evidence }) => ({ gate, question, evidence })),
    oldReleaseOnNewSchema: oldRelease(entries),
    notCovered: factOf(entries, "try-minor", "notCovered"),
    ledger: ledger?.path ?? null,
  };
}

function downtimeOf({ strategy }: Plan): Report["downtime"] {
  const kind = kindOf(strategy);
  return kind === null ? null : kind === "major" ? "window" : "none";
}

const iso = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());

const stepOf = ({ step, says, direction, intentAt, durationMs, result, problem }: JournalEntry): ReportedStep => ({
  name: direction === "undo" ? `undo ${step}` : step,
  says: direction === "undo" ? `Undo: ${says}` : says,
  at: new Date(intentAt).toISOString(),
  durationMs: durationMs ?? 0,
  result: result ?? "cut short",
  problem: problem && `${problem.what}: ${problem.why}`,
});

/** A gate that nobody answered by hand was answered by an option or by its deadline. */
function decisionsIn(record: UpgradeRecord, gates: GateRecord[], requests: ControlRequest[]): Decision[] {
  const asked = { at: record.createdAt, by: record.askedBy, what: `upgrade by plan ${record.planHash}`, reason: "" };
  const people = requests.map(({ at, by, verb, reason }) =>
    verb === "approve" || verb === "deny"
      ? { at, by, what: `${verb} "${reason}"`, reason: "" }
      : { at, by, what: verb, reason },
  );
  const others = gates.flatMap(({ gate, answer, answeredBy, answeredAt }) =>
    answer && answeredAt !== null && ["--yes", "deadline"].includes(answeredBy ?? "")
      ? [{ at: answeredAt, by: answeredBy ?? "", what: `${answer} "${gate}"`, reason: "" }]
      : [],
  );
  return [asked, ...people, ...others]
    .sort((left, right) => left.at - right.at)
    .map((one) => ({ ...one, at: new Date(one.at).toISOString() }));
}

function factOf(entries: JournalEntry[], step: string, fact: string): string | null {
  const found = entries.findLast((entry) => entry.step === step && entry.result === "done")?.evidence?.[fact];
  return found === undefined ? null : String(found);
}

/** A minor upgrade went on only because all of them held. */
const oldRelease = (entries: JournalEntry[]): string | null =>
  factOf(entries, "try-old-release", "oldReleaseOnNewSchema") ??
  (factOf(entries, "try-minor", "checks") === null ? null : "all checks hold");

function predictionOf(forecast: Forecast | null): Report["prediction"] {
  if (!forecast?.from) return null;
  const { from, windowMs, migrationMs, snapshotMs, diskBytes } = forecast;
  return { from, windowMs, migrationMs, snapshotMs, diskBytes };
}

/** As the undo that exported it has proven. */
function lossIn(entries: JournalEntry[]): Report["loss"] {
  const reopened = entries.some(
    ({ step, direction, acted, result }) => step === "reopen" && direction === "apply" && (acted || result === null),
  );
  const undone = entries.findLast(
    ({ direction, evidence }) => direction === "undo" && evidence?.exportedTo !== undefined,
  );
  if (!reopened || !undone?.evidence) return null;
  const { events, statements, tables, exportedTo } = undone.evidence;
  return {
    tables: JSON.parse(String(tables)),
    events: Number(events),
    statements: Number(statements),
    exportedTo: String(exportedTo),
  };
}

/** What the load balancers counted between the first and the last time they were read. */
function trafficBetween(entries: JournalEntry[]): TrafficCounters {
  const reads = entries.filter(({ step, result }) => step === "read-traffic" && result === "done");
  const [first, last] = [reads[0]?.evidence, reads.at(-1)?.evidence];
  const between = (name: keyof TrafficCounters) => Math.max(0, Number(last?.[name] ?? 0) - Number(first?.[name] ?? 0));
  return { requests: between("requests"), paged: between("paged"), held: between("held"), failed: between("failed") };
}

function addPhases(plan: Plan, entries: JournalEntry[]): Report["phases"] {
  const phaseOf = plan.stages.flatMap(({ steps }) => steps.map(({ phase }) => phase));
  const sums = Object.fromEntries(PHASES.map((phase) => [`${phase}Ms`, 0])) as Report["phases"];
  for (const { direction, index, durationMs } of entries) {
    const phase = direction === "apply" ? phaseOf[index] : undefined;
    if (phase) sums[`${phase}Ms`] += durationMs ?? 0;
  }
  return sums;
}
