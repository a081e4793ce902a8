/** The report as a Markdown document that can be filed, printed and sent. Pure text. */
import type { Report, ReportedStep } from "../model/report.ts";
import { drawFacts, oneLine, seconds } from "./ladder.ts";

export function reportMarkdown(report: Report): string {
  const parts = [
    heading(report),
    clients(report),
    decisions(report),
    gates(report),
    windowOf(report),
    timeline(report.steps),
  ];
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

function heading({ environment, from, to, outcome, reason, ...report }: Report): string {
  const title = from === "" ? to : `${from} → ${to}`;
  return [
    `# ${environment}: ${title}, ${outcome}`,
    "",
    table(
      ["", ""],
      [
        ["Upgrade", `\`${report.upgrade}\`, ${report.strategy}, plan \`${report.planHash}\``],
        ...(report.kind === null
          ? []
          : [["Kind", `${report.kind}, downtime ${report.downtime === "none" ? "none" : "a window"}`]]),
        ["Asked by", report.askedBy],
        ...(report.why === null ? [] : [["Why", oneLine(report.why)]]),
        ...(report.tell.length === 0 ? [] : [["To be told", report.tell.join(", ")]]),
        ["Began, ended", `${report.startedAt ?? "never"}, ${report.endedAt ?? "not yet"}`],
        ...(reason ? [["Why the way back was taken", oneLine(reason)]] : []),
        ...(report.oldReleaseOnNewSchema
          ? [["Old release on the new schema", oneLine(report.oldReleaseOnNewSchema)]]
          : []),
        ...(report.notCovered ? [["What its checks did not touch", oneLine(report.notCovered)]] : []),
      ],
    ),
  ].join("\n");
}

function clients({ requests, writes, ledger, clientDowntimeMs, writeGapMs }: Report): string {
  const { total, failed, paged, held } = requests;
  return [
    "## What clients saw",
    "",
    table(
      ["", ""],
      [
        ["Requests", `${total} in all, ${failed} failed, ${paged} saw the page, ${held} held`],
        [
          "Writes",
          ledger === null
            ? "not counted: no ledger ran"
            : `${writes.acknowledged} acknowledged, ${writes.lost} lost, ${writes.duplicated} duplicated`,
        ],
        ["Downtime", optional(clientDowntimeMs)],
        ["Longest gap between two writes", optional(writeGapMs)],
        ...(ledger === null ? [] : [["Count again", `\`changeover ledger --count ${ledger}\``]]),
      ],
    ),
  ].join("\n");
}

function decisions({ decisions: taken }: Report): string {
  const rows = taken.map(({ at, by, what, reason }) => [at, by, what, oneLine(reason)]);
  return ["## Who decided what", "", table(["When", "Who", "What", "Reason"], rows)].join("\n");
}

function gates({ gates: asked }: Report): string {
  if (asked.length === 0) return "";
  const lines = asked.flatMap(({ gate, question, evidence }) => [
    "",
    `**${gate}**: ${question}`,
    "",
    ...evidence.map(({ says, facts }) => `- ${says}: ${drawFacts(facts)}`),
  ]);
  return ["## What the gates showed", ...lines].join("\n");
}

function windowOf({ phases }: Report): string {
  const rows = Object.entries(phases).map(([name, ms]) => [name.slice(0, -2), seconds(ms)]);
  return ["## The window, by phase", "", table(["Phase", "Took"], rows)].join("\n");
}

function timeline(steps: ReportedStep[]): string {
  const rows = steps.map(({ at, says, durationMs, result, problem }) => [
    at.slice(11, 23),
    `${says}${problem ? `<br>${oneLine(problem)}` : ""}`,
    result,
    seconds(durationMs),
  ]);
  return ["## Timeline", "", table(["At (UTC)", "Step", "Result", "Took"], rows)].join("\n");
}

const optional = (ms: number | null): string => (ms === null ? "not measured" : seconds(ms));

function table(head: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}
