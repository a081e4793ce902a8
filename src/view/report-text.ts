/** Draws a report for eyes. Pure text. */
import { drawLoss } from "../model/loss.ts";
import type { Report } from "../model/report.ts";
import { oneLine, seconds } from "./ladder.ts";

export function drawReport(report: Report): string[] {
  const { requests, phases } = report;
  const what = `${report.environment}: ${report.from === "" || report.from === report.to ? report.to : `${report.from} → ${report.to}`}`;
  const lines = [
    `${report.outcome === "upgraded" ? "✓" : "↩"} ${what} ${report.outcome} (${report.strategy}, ${report.upgrade})`,
  ];
  if (report.reason) lines.push(`  reason     ${oneLine(report.reason)}`);
  if (report.loss) lines.push(`  loss       ${drawLoss(report.loss)}: ${report.loss.exportedTo}`);
  if (report.oldReleaseOnNewSchema)
    lines.push(`  old code   on the new schema, tried on a copy: ${oneLine(report.oldReleaseOnNewSchema)}`);
  lines.push(
    `  requests   ${requests.total} total, ${requests.failed} failed, ${requests.paged} saw the page, ${requests.held} held`,
    `  writes     ${drawWrites(report)}`,
    `  downtime   ${optional(report.clientDowntimeMs)} for clients, ${optional(report.writeGapMs)} between two writes`,
    `  phases     ${Object.entries(phases)
      .map(([name, ms]) => `${name.slice(0, -2)} ${seconds(ms)}`)
      .join(", ")}`,
    `  ledger     ${report.ledger ?? "none (run the upgrade with --ledger to count writes)"}`,
  );
  return lines;
}

const optional = (ms: number | null): string => (ms === null ? "not measured" : seconds(ms));

const drawWrites = ({ ledger, writes }: Report): string =>
  ledger === null
    ? "not counted"
    : `${writes.acknowledged} acknowledged, ${writes.lost} lost, ${writes.duplicated} duplicated`;
