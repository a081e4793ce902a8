/** What a clone's file says otherwise than the one that it is made of: derived where that is safe, asked for, or left to decide. */
import { isAbsolute, relative, resolve } from "node:path";
import type { EnvironmentDefinition } from "../environment.ts";
import type { Footprint } from "./footprint.ts";
import type { Intersection } from "./intersections.ts";
import { dnsNames } from "./claims.ts";
import { withName } from "./spelling.ts";
import { leadingTexts, leavesOf, partOf } from "./texts.ts";

export interface Change {
  key: readonly string[];
  from: unknown;
  /** Undefined: the key goes. */
  to: unknown;
  /** `moved`: the same path, seen from another file. */
  how: "derived" | "asked" | "moved";
  why: string;
}

export interface CloneWish {
  name: string;
  /** The release that the origin serves; null when nobody could tell. */
  release: string | null;
  /** Why backups keep the origin's lineage; null: they get their own. */
  sameLineage: string | null;
  /** Where paths of the origin's file begin, and where those of the clone's. */
  folders: { origin: string; clone: string };
}

/** The clone's name before a host name. */
const derivedName = (clone: string, host: string): string => `${clone}.${host}`;
/** The longest that a host name may be. */
const LONGEST = 200;

export function derive(origin: EnvironmentDefinition, wish: CloneWish): Change[] {
  const { name, release, sameLineage } = wish;
  const { backups, isolation, hosts } = origin;
  const change = (key: string[], from: unknown, to: unknown, why: string): Change[] =>
    from === to ? [] : [{ key, from, to, how: "derived", why }];
  const named = [
    ...(["public", "test"] as const).map((which) => ({ key: ["hosts", which], text: hosts[which] })),
    ...saidNames(origin),
  ];
  return [
    ...change(["environment"], origin.environment, name, "the clone's name"),
    ...named
      .filter(({ text }) => derivedName(name, text).length <= LONGEST)
      .flatMap(({ key, text }) => change(key, text, derivedName(name, text), "the clone's name before it")),
    ...(release === null ? [] : change(["release"], origin.release, release, `"${origin.environment}" serves it`)),
    // An environment is no staging of its own.
    ...(origin.staging === name ? change(["staging"], origin.staging, undefined, "it would be itself") : []),
    ...(sameLineage === null
      ? change(["backups", "lineage"], backups.lineage, undefined, "its own name is its lineage")
      : change(["backups", "lineage"], backups.lineage, backups.lineage ?? origin.environment, "kept on purpose")),
    ...change(["isolation", "sameLineage"], isolation.sameLineage, sameLineage ?? undefined, "what was asked for"),
    ...change(["isolation", "strict"], isolation.strict, true, "a clone is to be apart"),
    ...(grows(origin) ? change(["application", "group", "enabled"], true, false, "nobody has asked it to grow") : []),
    ...paths(origin, wish),
  ];
}

/** A group that is enabled launches servers by itself. */
const grows = ({ application: { group } }: EnvironmentDefinition): boolean =>
  (group as { enabled?: unknown } | undefined)?.enabled === true;

/** They stay in their zone. */
const saidNames = (origin: EnvironmentDefinition) =>
  leavesOf(partOf(origin, "names"), ["names"]).filter(({ key: [, role] }) => role === "public" || role === "test");

/** Paths are relative to the file that they stand in. */
function paths(origin: EnvironmentDefinition, { folders }: CloneWish): Change[] {
  if (folders.origin === folders.clone) return [];
  const { provider, maintenance, releases } = origin;
  const found: [string[], string | undefined][] = [
    ...Object.entries(releases).map(([name, { artefact }]): [string[], string] => [
      ["releases", name, "artefact"],
      artefact,
    ]),
    [["maintenance", "page"], maintenance.page],
    ...(provider.kind === "ssh"
      ? (["identityFile", "knownHosts"] as const).map((key): [string[], string] => [["provider", key], provider[key]])
      : []),
  ];
  return found.flatMap(([key, from]) => {
    if (from === undefined || isAbsolute(from)) return [];
    const to = relative(folders.clone, resolve(folders.origin, from)) || ".";
    return to === from ? [] : [{ key, from, to, how: "moved" as const, why: "seen from the new file" }];
  });
}

/** Of a text that names hosts of the origin's: the same with the clone's in their places. Null where nobody can say. */
export function suggestionFor(clone: Footprint, origin: Footprint, { kind, value, left }: Intersection): string | null {
  if (kind !== "input" || !("key" in left.at) || left.environment !== clone.environment) return null;
  const key = left.at.key.join("\n");
  const found = leadingTexts(clone.definition).find(({ at }) => "key" in at && at.key.join("\n") === key);
  const names = counterparts(clone, origin);
  if (!found || !names.has(value)) return null;
  // The longest first: one name may be the end of another one.
  const ordered = [...names].sort(([one], [other]) => other.length - one.length);
  return ordered.reduce((text, [from, to]) => withName(text, from, to), found.text);
}

/** The origin's host names and what the clone has in their places. */
function counterparts(clone: Footprint, origin: Footprint): Map<string, string> {
  const hosts = (["public", "test"] as const).map((which): [string, string] => [
    origin.definition.hosts[which].toLowerCase(),
    clone.definition.hosts[which],
  ]);
  const own = new Map(dnsNames(clone).map(({ at, value }) => ["key" in at ? at.key.join("\n") : "", value]));
  const names = dnsNames(origin).flatMap(({ at, value }): [string, string][] => {
    const there = own.get("key" in at ? at.key.join("\n") : "");
    return there && there !== value ? [[value, there]] : [];
  });
  return new Map([...names, ...hosts.filter(([from, to]) => from !== to.toLowerCase())]);
}
