/** Every input of every server: what the next launch would give it and from which level, what that hides, and what runs now. Pure. */
import type { InputLevel, LaunchInput, TemplateRef } from "../launch.ts";
import { canonical } from "../plan.ts";
import type { DeclaringScript } from "./declaration.ts";
import type { InputFinding } from "./findings.ts";
import { type Asked, declaredNames, type Resolution, resolve, type Standing, standingOf } from "./resolve.ts";
import { counts, ENVIRONMENT, type InputSet, isAt, type Place, valuesAt } from "./set.ts";
import { type Neighbour, settle } from "./settle.ts";
import { spell } from "./spelling.ts";
import type { InputValue, InputValues } from "./value.ts";

/** A server as it is defined, or as it runs. */
export interface KnownServer {
  server: string;
  group: string | null;
  template: TemplateRef | null;
  /** What its template's scripts read and what the template says; null when nobody knows the template. */
  declared: { scripts: readonly DeclaringScript[]; values: InputValues } | null;
  /** What it was launched with; null when it does not run from a launch. */
  current: Record<string, LaunchInput> | null;
}

/** One value at one level. Secrets are named, so that nothing has to be masked here. */
export interface Shown {
  value: string;
  level: InputLevel;
  from: string;
  /** How it was written, where it is what another server has. */
  written?: string;
  /** Lent for a time that is over: it hides nothing and counts no more. */
  lapsed?: true;
}

export interface CrossRow {
  server: string;
  input: string;
  /** Null: the next launch gives it nothing. */
  next: Shown | null;
  /** Null: it runs without it, or does not run. */
  current: Shown | null;
  /** It runs with something else than the next launch would give it. */
  differs: boolean;
  /** What other levels say and does not count, highest first. */
  hidden: Shown[];
  /** Who reads it; null when nobody knows. */
  scripts: string[] | null;
}

export interface CrossReference {
  rows: CrossRow[];
  servers: { server: string; runs: boolean; refusals: InputFinding[]; warnings: InputFinding[] }[];
  /** The environment's own inputs that no script of any server reads. */
  unread: string[];
}

export interface Known {
  environment: string;
  set: InputSet;
  servers: readonly KnownServer[];
  /** Every server, whatever it is made from: values may name it. */
  neighbours: ReadonlyMap<string, Neighbour>;
  now: number;
}

export function crossReference(known: Known): CrossReference {
  const all = known.servers.map((server) => ({ server, next: nextOf(known, server) }));
  const read = new Set(all.flatMap(({ next }) => Object.keys(next.inputs).concat(Object.keys(next.ignored))));
  for (const { server } of all) for (const name of declaredNames(server.declared?.scripts ?? [])) read.add(name);
  const own = Object.keys(valuesAt(known.set, ENVIRONMENT, known.now));
  const blind = known.servers.length === 0 || known.servers.some(({ declared }) => declared === null);
  return {
    rows: all.flatMap(({ server, next }) => rowsOf(known, server, next)),
    servers: all.map(({ server, next }) => ({
      server: server.server,
      runs: server.current !== null,
      refusals: next.refusals,
      warnings: next.warnings,
    })),
    unread: blind ? [] : own.filter((name) => !read.has(name)).sort(),
  };
}

export interface Next extends Resolution {
  /** As a launch is told them: what other servers have is asked for when it boots. */
  written: Resolution["inputs"];
}

/** What a launch at this moment would give it. */
export function nextOf(known: Known, server: KnownServer, once?: InputValues): Next {
  const found = resolve(askedFor(known, server, once));
  const { inputs, refusals, warnings } = settle(found.inputs, (name) => known.neighbours.get(name) ?? null);
  return {
    ...{ written: found.inputs, inputs, ignored: found.ignored },
    refusals: [...found.refusals, ...refusals],
    warnings: [...found.warnings, ...warnings],
  };
}

export const placeOf = ({ server, group }: Pick<KnownServer, "server" | "group">): Place =>
  group === null ? { level: "server", owner: server } : { level: "group", owner: group };

function askedFor({ environment, set, now }: Known, server: KnownServer, once?: InputValues): Asked {
  const place = placeOf(server);
  const own = valuesAt(set, ENVIRONMENT, now);
  const values = valuesAt(set, place, now);
  const { scripts, values: template } = server.declared ?? { scripts: assumed(own, values, once), values: {} };
  return {
    scripts,
    template: { name: server.template?.name ?? "", values: template },
    environment: { name: environment, values: own },
    owner: { level: place.level === "group" ? "group" : "server", name: place.owner, values },
    ...(once && { once }),
  };
}

/** Where nobody knows the scripts, whatever is said is taken for something that is read. */
const assumed = (...levels: (InputValues | undefined)[]): DeclaringScript[] => {
  const names = [...new Set(levels.flatMap((values) => Object.keys(values ?? {})))];
  const anything = { description: "", category: "general", required: false };
  return [{ script: "", inputs: Object.fromEntries(names.map((name) => [name, anything])) }];
};

function rowsOf(known: Known, server: KnownServer, next: Resolution): CrossRow[] {
  const asked = askedFor(known, server);
  const names = new Set([...declaredNames(asked.scripts), ...Object.keys(server.current ?? {})]);
  return [...names].sort().map((input) => rowOf(known, server, { input, next, asked }));
}

function rowOf(
  { set, now }: Known,
  server: KnownServer,
  { input, next, asked }: { input: string; next: Resolution; asked: Asked },
): CrossRow {
  const given = ownOf(next.inputs, input);
  const ignored = ownOf(next.ignored, input);
  const runs = ownOf(server.current ?? {}, input);
  const standing = standingOf(asked, input).reverse();
  const lapsed = set.filter((one) => one.input === input && isAt(placeOf(server), one) && !counts(one, now));
  const readers = asked.scripts.filter(({ inputs }) => Object.hasOwn(inputs, input)).map(({ script }) => script);
  return {
    server: server.server,
    input,
    next: given ? asWritten(shown(given), standing[0]) : ignored ? { value: "ignore", ...ignored } : null,
    current: runs ? shown(runs) : null,
    differs: server.current !== null && canonical(given?.value ?? null) !== canonical(runs?.value ?? null),
    hidden: [
      ...lapsed.map((one) => ({ ...shown({ ...placed(one.place), value: one.value }), lapsed: true as const })),
      ...standing.slice(given || ignored ? 1 : 0).map(shown),
    ],
    scripts: server.declared === null ? null : readers,
  };
}

const placed = ({ level, owner }: Place) => ({ level, from: owner });

const ownOf = <T>(values: Record<string, T>, name: string): T | undefined =>
  Object.hasOwn(values, name) ? values[name] : undefined;

const asWritten = (one: Shown, from: Standing | undefined): Shown => {
  const written = from && spell(from.value);
  return written === undefined || written === one.value ? one : { ...one, written };
};

const shown = ({ value, level, from }: { value: InputValue; level: InputLevel; from: string }): Shown => ({
  value: spell(value),
  level,
  from,
});
