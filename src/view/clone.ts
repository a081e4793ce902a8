/** What people see of a clone's file: what was shared, what it says instead, and what is still open. Pure. */
import { credentialsIn } from "../model/credential.ts";
import { type Change, suggestionFor } from "../model/isolation/derive.ts";
import { type Footprint, lineageOf } from "../model/isolation/footprint.ts";
import { type Intersection, intersections, placeOf, type Side } from "../model/isolation/intersections.ts";
import { harmless } from "../model/isolation/kinds.ts";

export interface OpenItem {
  kind: string;
  /** Never a secret's value. */
  value: string;
  /** What holds it here. */
  key: string;
  /** `file:line`, or a command. */
  at: string;
  /** Where it stands in the other environment; null for what is only missing. */
  there: string | null;
  environment: string | null;
  suggestion: string | null;
  /** A command. */
  next: string;
}

export interface CloneReport {
  environment: string;
  origin: string;
  path: string;
  /** The origin's file was not at hand: its comments are not in the new one. */
  generated: boolean;
  /** What a copy with another name alone would have in common with its origin. */
  shared: { kind: string; value: string; key: string; at: string }[];
  changes: { key: string; at: string; from: unknown; to: unknown; how: Change["how"]; why: string }[];
  lineage: { from: string; to: string; why: string | null };
  /** While there is any of these, nothing is launched. */
  open: OpenItem[];
  /** Shared because somebody said so. */
  onPurpose: string[];
  harmless: { what: string; why: string }[];
}

export interface CloneFacts {
  origin: Footprint;
  clone: Footprint;
  path: string;
  generated: boolean;
  changes: readonly Change[];
  /** With every environment that is known. */
  found: readonly Intersection[];
  where(side: Side): string;
}

export function viewClone({ origin, clone, path, generated, changes, found, where }: CloneFacts): CloneReport {
  const { isolation } = clone.definition;
  const why = isolation.sameLineage ?? null;
  const { environment } = clone;
  return {
    ...{ environment, origin: origin.environment, path, generated },
    shared: sharedAtFirst(origin, environment).map(({ kind, value, left, right }) => ({
      ...{ kind, value, key: left.name ?? placeOf(left.at), at: where(right) },
    })),
    changes: changes
      .filter(({ how }) => how !== "moved")
      .map(({ key, from, to, how, why: because }) => ({
        ...{ key: key.join("."), at: where({ environment, at: { key }, name: null }), from, to, how, why: because },
      })),
    lineage: { from: lineageOf(origin.definition), to: lineageOf(clone.definition), why },
    open: [...found.map((one) => openItem(one, origin, clone, where)), ...missing(clone)],
    onPurpose: [
      ...isolation.sharedCredentials.map((name) => `credential ${name}: its file says that it only reads`),
      ...(why === null ? [] : [`backup lineage ${lineageOf(clone.definition)}: ${why}`]),
    ],
    harmless: [...harmless],
  };
}

/** What a copy under another name and with nothing else changed would have in common with its origin. */
function sharedAtFirst(origin: Footprint, name: string): Intersection[] {
  const { definition } = origin;
  const backups = { ...definition.backups, lineage: lineageOf(definition) };
  const copied = { ...definition, environment: name, backups };
  const copy: Footprint = { ...origin, environment: name, definition: copied, network: null, secrets: [] };
  const all = intersections(copy, origin, { sameLineage: null });
  // The origin naming what the copy has as well is the same found twice.
  return all.filter(({ kind, left }) => kind !== "input" || left.name !== null);
}

function openItem(found: Intersection, origin: Footprint, clone: Footprint, where: CloneFacts["where"]): OpenItem {
  const { kind, value, left, right } = found;
  const suggestion = suggestionFor(clone, origin, found);
  const set = `changeover clone ${origin.environment} ${clone.environment} --set`;
  return {
    ...{ kind, value, key: left.name ?? placeOf(left.at), at: where(left) },
    ...{ there: where(right), environment: right.environment, suggestion },
    next: "key" in left.at ? `${set} ${quoted(`${left.at.key.join(".")}=${suggestion ?? "VALUE"}`)}` : left.at.command,
  };
}

const quoted = (text: string): string => (/^[\w./:@%+,=-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);

/** Without these it can't be started, and whose values they are to be, only people know. */
function missing({ environment, definition, credentials }: Footprint): OpenItem[] {
  const { release, releases, isolation } = definition;
  const there = [...credentials.map(({ name }) => name), ...isolation.sharedCredentials];
  return credentialsIn(releases[release]?.inputs ?? {})
    .filter((wanted) => !there.includes(wanted))
    .map((wanted) => {
      const command = `changeover credential set ${environment} ${wanted}`;
      return {
        ...{ kind: "credential", value: "not set", key: `credential ${wanted}`, at: command },
        ...{ there: null, environment: null, suggestion: null, next: command },
      };
    });
}

export function drawClone(report: CloneReport, written: string): string[] {
  const { origin, shared, changes, lineage, open, onPurpose } = report;
  const listed = (title: string, lines: string[]): string[] =>
    lines.length === 0 ? [] : ["", title, ...lines.map((line) => `  ${line}`)];
  return [
    `${written} Nothing is launched.`,
    ...(report.generated
      ? [`The file of "${origin}" was not at hand as it was saved, so its comments are left out.`]
      : []),
    ...listed(
      `What a copy would share with "${origin}":`,
      shared.map(({ kind, value, key, at }) => `${kind} ${value}: ${key} (${at})`),
    ),
    ...listed("What it says instead:", [
      ...changes.map(
        ({ key, from, to, how, at }) =>
          `${how === "asked" ? "set    " : "derived"} ${key}: ${told(from)} → ${told(to)} (${at})`,
      ),
      ...(lineage.from === lineage.to ? [] : [`derived backup lineage: ${lineage.from} → ${lineage.to}`]),
      "derived network, addresses, passwords: chosen and made when it is launched",
    ]),
    ...listed("Shared on purpose:", onPurpose),
    ...listed(
      "May be the same:",
      report.harmless.map(({ what, why }) => `${what}: ${why}`),
    ),
    ...listed(
      "OPEN, and it is not launched while any of this is:",
      open.flatMap(({ kind, value, key, at, there, environment: other, next }) => [
        `✗ ${kind} ${value}: ${key} (${at})${there === null ? "" : ` is ${there} of "${other}", too`}`,
        `  next: ${next}`,
      ]),
    ),
    "",
    open.length > 0
      ? `${open.length} to decide.`
      : `Nothing is shared. Next: changeover up ${report.path} --data-from ${origin}, or without data: changeover up ${report.path}`,
  ];
}

const told = (value: unknown): string =>
  value === undefined ? "(none)" : typeof value === "string" ? value : JSON.stringify(value);
