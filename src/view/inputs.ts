/** What people see of an environment's inputs: the values, who overrides them until when, and what an edit changed. Pure. */
import type { CrossReference, CrossRow, Shown } from "../model/inputs/cross-reference.ts";
import type { Difference } from "../model/difference.ts";
import { drawFinding } from "../model/inputs/findings.ts";
import { drawLease, type OpenOverride } from "../model/inputs/override.ts";

export interface InputsView {
  environment: string;
  /** When it was read, milliseconds since 1970: loans end. */
  at: number;
  /** The environment's own; values as they are written at the command line. */
  inputs: { input: string; value: string }[];
  overrides: (OpenOverride & { value: string; open: boolean })[];
  /** Named by a value and not set. */
  missingCredentials: string[];
  /** Number of the newest snapshot; null before the first edit. */
  snapshot: number | null;
}

export interface Edited {
  environment: string;
  /** What was there before has this number; null when nothing changed. */
  snapshot: number | null;
  changed: Difference[];
  /** What it changes for the next launch of which server. */
  next: { server: string; runs: boolean; differences: Difference[]; refusals: string[] }[];
  warnings: string[];
}

export interface CrossReferenceView extends CrossReference {
  environment: string;
  missingCredentials: string[];
  /** Servers that could not be asked. */
  troubles: string[];
}

export interface DifferencesView {
  environment: string;
  /** One entry for each pair that was compared. */
  compared: { from: string; to: string; differences: Difference[] }[];
}

export interface HistoryView {
  environment: string;
  /** Newest first: each is what was there before the edit that it names. */
  snapshots: { number: number; at: number; by: string; edit: string; why: string }[];
}

export function drawInputs(view: InputsView): string[] {
  const { environment, inputs, overrides, missingCredentials, snapshot, at } = view;
  const many = inputs.length === 1 ? "1 input" : `${inputs.length} inputs`;
  const edits = snapshot === null ? "never edited" : `newest snapshot ${snapshot}`;
  const open = overrides.filter((one) => one.open).length;
  return [
    `${environment}: ${many} of its own, ${open} open override${open === 1 ? "" : "s"}; ${edits}`,
    ...inputs.map(({ input, value }) => `  ${input.padEnd(24)} ${oneLine(value)}`),
    ...(overrides.length > 0 ? ["", "Lent to servers and groups:"] : []),
    ...overrides.map(
      (one) =>
        `  ${`${one.owner} ${one.input}`.padEnd(24)} ${oneLine(one.value)}  ${one.open ? "" : "LAPSED "}${one.by}: ${one.why}; ${drawLease(one, at)}`,
    ),
    ...drawMissing(environment, missingCredentials),
  ];
}

export function drawEdited({ environment, snapshot, changed, next, warnings }: Edited): string[] {
  if (snapshot === null) return ["Nothing changed.", ...warnings.map((warning) => `! ${warning}`)];
  const running = next.filter(({ runs }) => runs);
  return [
    ...changed.map((one) => `  ${drawDifference(one)}`),
    next.length === 0 ? "No server's next launch changes." : "Changes at the next launch of:",
    ...next.map(({ server, differences, refusals }) =>
      [
        `  ${server.padEnd(12)} ${differences.map(drawDifference).join(", ")}`,
        ...refusals.map((why) => `  ${"".padEnd(12)} ✗ it can't be launched: ${why}`),
      ].join("\n"),
    ),
    ...(running.length > 0 ? ["What runs keeps what it was launched with, until it is relaunched."] : []),
    ...warnings.map((warning) => `! ${warning}`),
    `What was there before is snapshot ${snapshot}. Back: changeover inputs revert ${environment} ${snapshot}`,
  ];
}

export function drawCrossReference(view: CrossReferenceView): string[] {
  const { environment, rows, servers, unread, troubles, missingCredentials } = view;
  if (servers.length === 0) return [`"${environment}" has no server that is made from a template.`, ...troubles];
  const lines = servers.flatMap(({ server, runs, refusals, warnings }) => [
    `${server}${runs ? "" : " (does not run)"}`,
    ...rows.filter((row) => row.server === server).map((row) => `  ${drawRow(row)}`),
    ...refusals.map((one) => `  ✗ can't be launched: ${drawFinding(one)}`),
    ...warnings.map((one) => `  ! ${drawFinding(one)}`),
  ]);
  return [
    ...lines,
    ...(unread.length > 0 ? [`! read by no script of any server: ${unread.join(", ")}`] : []),
    ...drawMissing(environment, missingCredentials),
    ...troubles.map((trouble) => `! ${trouble}`),
  ];
}

function drawRow({ input, next, current, differs, hidden }: CrossRow): string {
  const now = differs ? `  runs with ${current ? drawShown(current) : "nothing"}` : "";
  const below = hidden.map((one) => `${one.lapsed ? "lapsed" : "hides"} ${drawShown(one)}`).join(", ");
  return `${differs ? "≠" : " "} ${input.padEnd(24)} ${next ? drawShown(next) : "-"}${now}${below === "" ? "" : `  ${below}`}`;
}

const drawShown = ({ value, level, from, written }: Shown): string =>
  `${oneLine(value)} (${level} ${from}${written === undefined ? "" : `: ${oneLine(written)}`})`;

export const drawDifferences = ({ compared }: DifferencesView): string[] =>
  compared.length === 0
    ? ["Nothing to compare."]
    : compared.flatMap(({ from, to, differences }) => [
        `${from} → ${to}: ${differences.length === 0 ? "no difference" : ""}`.trimEnd(),
        ...differences.map((one) => `  ${drawDifference(one)}`),
      ]);

export const drawHistory = ({ environment, snapshots }: HistoryView): string[] =>
  snapshots.length === 0
    ? [`The inputs of "${environment}" were never edited.`]
    : [
        "Each is what was there before:",
        ...snapshots.map(
          ({ number, at, by, edit, why }) =>
            `  ${String(number).padStart(4)}  ${new Date(at).toISOString()}  ${by}: ${edit}${why === "" ? "" : ` (${why})`}`,
        ),
      ];

const drawDifference = ({ key, from, to }: Difference): string =>
  `${key}: ${from === null ? "nothing" : oneLine(from)} → ${to === null ? "nothing" : oneLine(to)}`;

const drawMissing = (environment: string, missing: readonly string[]): string[] =>
  missing.map((name) => `! credential "${name}" is not set: changeover credential set ${environment} ${name}`);

/** A value may have many lines; so that its ends are seen, white space at them is in quotes. */
function oneLine(value: string): string {
  const short = value.length > 60 ? `${value.slice(0, 59)}…` : value;
  return short === "" || short !== short.trim() || /[\n\r\t]/.test(short) ? JSON.stringify(short) : short;
}
