/** Draws a report for eyes. Pure text. */
import { drawLoss } from "../model/loss.ts";
import type { Report } from "../model/report.ts";
import { bytes } from "./amounts.ts";
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
  if (report.notCovered) lines.push(`  uncovered  ${oneLine(report.notCovered)}`);
  if (report.why) lines.push(`  why        ${oneLine(report.why)}`);
  if (report.tell.length > 0) lines.push(`  to tell    ${report.tell.join(", ")}`);
  lines.push(
    `  requests   ${requests.total} total, ${requests.failed} failed, ${requests.paged} saw the page, ${requests.held} held`,
    `  writes     ${drawWrites(report)}`,
    `  downtime   ${optional(report.clientDowntimeMs)} for clients, ${optional(report.writeGapMs)} between two writes`,
    `  phases     ${Object.entries(phases)
      .map(([name, ms]) => `${name.slice(0, -2)} ${seconds(ms)}`)
      .join(", ")}`,
    ...drawPrediction(report),
    `  ledger     ${report.ledger ?? "none (run the upgrade with --ledger to count writes)"}`,
  );
  return lines;
}

/** Side by side, each under its name; a bring-up has no window and is not foretold. */
function drawPrediction({ prediction, truth }: Report): string[] {
  if (truth.windowMs === null && prediction === null) return [];
  const rows = [
    ["window", optional, "windowMs"],
    ["migration", optional, "migrationMs"],
    ["snapshots", optional, "snapshotMs"],
    ["disk", bytes, "diskBytes"],
  ] as const;
  const said = rows.map(([name, draw, key]) => {
    const was = draw(truth[key]);
    return prediction ? `${name} ${drawOr(draw, prediction[key])} → ${was}` : `${name} ${was}`;
  });
  const from = prediction ? `foretold by ${FROM[prediction.from]} → measured` : "measured, nobody had foretold it";
  return [`  costs      ${said.join(", ")} (${from})`];
}

const FROM = { rehearsal: "a rehearsal", "past upgrades": "past upgrades" } as const;

const drawOr = (draw: (value: number | null) => string, value: number | null): string =>
  value === null ? "unknown" : draw(value);

const optional = (ms: number | null): string => (ms === null ? "not measured" : seconds(ms));

const drawWrites = ({ ledger, writes }: Report): string =>
  ledger === null
    ? "not counted"
    : `${writes.acknowledged} acknowledged, ${writes.lost} lost, ${writes.duplicated} duplicated`;
