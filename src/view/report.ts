/** Composes the report of an ended upgrade from its plan, its journal, the load balancers' counters and the ledger. Pure. */
import { PHASES, type Plan } from "../model/plan.ts";
import type { LedgerSummary, Report } from "../model/report.ts";
import type { TrafficCounters } from "../model/load-balancer.ts";
import type { JournalEntry, UpgradeRecord } from "../model/upgrade.ts";

export interface ReportFacts {
  record: UpgradeRecord;
  plan: Plan;
  entries: JournalEntry[];
  ledger: LedgerSummary | null;
}

export function composeReport({ record, plan, entries, ledger }: ReportFacts): Report {
  const traffic = trafficBetween(entries);
  return {
    outcome: record.state === "upgraded" ? "upgraded" : "rolled-back",
    strategy: plan.strategy,
    environment: record.environment,
    upgrade: record.id,
    from: plan.from,
    to: plan.to,
    reason: record.reason,
    requests: ledger
      ? { ...ledger.requests, held: traffic.held }
      : { total: traffic.requests, failed: traffic.failed, held: traffic.held, paged: traffic.paged },
    writes: ledger?.writes ?? { acknowledged: 0, lost: 0, duplicated: 0 },
    clientDowntimeMs: ledger?.clientDowntimeMs ?? null,
    writeGapMs: ledger?.writeGapMs ?? null,
    phases: addPhases(plan, entries),
    steps: entries.map(({ step, says, direction, durationMs }) => ({
      name: direction === "undo" ? `undo ${step}` : step,
      says: direction === "undo" ? `Undo: ${says}` : says,
      durationMs: durationMs ?? 0,
    })),
    ledger: ledger?.path ?? null,
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
