/** Reads the text of an environment file: YAML with positions in, a definition or every problem with its line out. */
import { type Document, LineCounter, parseDocument } from "yaml";
import type { z } from "zod";
import { unknownPlace } from "./announcement.ts";
import { type EnvironmentDefinition, environmentSchema } from "./environment.ts";
import { printable } from "./environment-text.ts";
import { firstHolder } from "./floating-address.ts";
import { besideNeeded, serversNeeded } from "./network.ts";
import { Problem } from "./problem.ts";
import { lineOfPath, strangeKeys } from "./yaml-places.ts";

type Path = readonly PropertyKey[];

/** Of a file that is wrong from end to end, the rest says nothing new. */
const MOST_FINDINGS = 20;

/** Throws one Problem that lists every finding as `file:line`. */
export function parseEnvironment(text: string, file: string): EnvironmentDefinition {
  const lines = new LineCounter();
  const count = text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
  // What is missing at the end is found behind it.
  const lineAt = (offset: number): number => Math.min(lines.linePos(offset).line, Math.max(1, count));
  const { document, faults, data } = read(text, lines, file);
  if (faults.length > 0) {
    throw badFile(
      file,
      placed(faults, ({ offset, why }) => ({ line: lineAt(offset), why })),
      faults.length,
    );
  }
  const parsed = environmentSchema.safeParse(data);
  const findings = parsed.success ? crossCheck(parsed.data) : parsed.error.issues.flatMap(finding);
  if (parsed.success && findings.length === 0) return parsed.data;
  const tell = ({ path, why }: Finding) => ({
    line: lineOfPath(document, lines, path),
    why: `${path.map(String).join(".") || "the file"}: ${why}`,
  });
  throw badFile(file, placed(findings, tell), findings.length);
}

const placed = <F>(findings: F[], place: (finding: F) => Told): Told[] =>
  findings
    .slice(0, MOST_FINDINGS)
    .map(place)
    .sort((left, right) => left.line - right.line);

/** The line of a key in an environment file's text, or of what is nearest above it. */
export function lineOfKey(text: string, key: Path): number {
  const lines = new LineCounter();
  return lineOfPath(parseDocument(text, { ...READING, lineCounter: lines }), lines, key);
}

/** The library compares each key of a mapping with every other one; strangeKeys does the same in one go. */
const READING = { prettyErrors: false, uniqueKeys: false, logLevel: "error" } as const;

interface Read {
  document: Document.Parsed;
  /** Where it is no YAML, or has keys that can't be meant; then there is no data. */
  faults: { offset: number; why: string }[];
  data: unknown;
}

function read(text: string, lineCounter: LineCounter, file: string): Read {
  try {
    const document = parseDocument(text, { ...READING, lineCounter });
    const errors = document.errors.slice(0, 1).map(({ pos, message }) => ({ offset: pos[0], why: message }));
    const faults = errors.length > 0 ? errors : strangeKeys(document);
    // Aliases multiply: what a few lines could make of themselves has no limit but this one.
    return { document, faults, data: faults.length > 0 ? null : (document.toJS({ maxAliasCount: 100 }) ?? {}) };
  } catch (error) {
    const why = error instanceof RangeError ? "it is nested too deeply" : (error as Error).message;
    throw badFile(file, [{ line: 1, why }], 1);
  }
}

interface Told {
  line: number;
  why: string;
}

interface Finding {
  path: Path;
  why: string;
}

function finding(issue: z.core.$ZodIssue): Finding[] {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({ path: [...issue.path, key], why: "there is no such key" }));
  }
  const missing = issue.code === "invalid_type" && issue.message.endsWith("received undefined");
  return [{ path: issue.path, why: missing ? `is missing (expected ${issue.expected})` : issue.message }];
}

/** Rules between keys that a schema can't say. */
function crossCheck(definition: EnvironmentDefinition): Finding[] {
  const found: Finding[] = [];
  if (!definition.releases[definition.release]) {
    found.push({ path: ["release"], why: `release "${definition.release}" is not among the releases` });
  }
  if (definition.hosts.public.toLowerCase() === definition.hosts.test.toLowerCase()) {
    found.push({ path: ["hosts", "test"], why: "must differ from hosts.public, it is what keeps testers apart" });
  }
  const size = definition.application.servers + (definition.application.group?.size ?? 0);
  if (definition.application.workers > size) {
    found.push({ path: ["application", "workers"], why: `there are only ${size} servers` });
  }
  for (const [at, { from, to }] of definition.freezes.entries()) {
    if (Date.parse(to) <= Date.parse(from)) found.push({ path: ["freezes", at], why: "ends before it begins" });
  }
  const place = unknownPlace(definition.announcement ?? "");
  if (place !== undefined) found.push({ path: ["announcement"], why: `nobody knows what {${place}} is` });
  if (definition.staging === definition.environment) {
    found.push({ path: ["staging"], why: "must be another environment" });
  }
  found.push(...providerFindings(definition), ...addressFindings(definition));
  const { port } = definition.database;
  if (definition.port === port + 1 || definition.port === port + 2) {
    found.push({ path: ["port"], why: `must differ from ${port + 1} and ${port + 2}, the database endpoints' ports` });
  }
  const { write } = definition.ledger ?? {};
  if (write && !`${write.path}${write.body ?? ""}${Object.values(write.headers ?? {}).join("")}`.includes("{key}")) {
    found.push({ path: ["ledger", "write"], why: "must carry {key} in path, headers or body" });
  }
  return found;
}

function providerFindings(definition: EnvironmentDefinition): Finding[] {
  const { provider } = definition;
  if (provider.kind !== "ssh") return [];
  const { host, hosts } = provider;
  if ((host === undefined) === (hosts === undefined)) {
    const why = "needs either host, one machine for all servers, or hosts, one for each";
    return [{ path: ["provider", host === undefined ? "kind" : "hosts"], why }];
  }
  const twice = hosts?.findIndex((one, at) => hosts.indexOf(one) !== at) ?? -1;
  if (twice >= 0) return [{ path: ["provider", "hosts", twice], why: "stands there twice" }];
  const needed = serversNeeded(definition);
  if (hosts === undefined || hosts.length >= needed) return [];
  const later = `an upgrade needs ${needed + besideNeeded(definition).count}, as new servers stand beside the old`;
  return [
    {
      path: ["provider", "hosts"],
      why: `${needed} servers need as many hosts, and here are ${hosts.length}; ${later}`,
    },
  ];
}

function addressFindings({ addresses, loadBalancers, provider }: EnvironmentDefinition): Finding[] {
  const all = Object.entries(addresses);
  const hosts: readonly string[] = provider.kind === "ssh" ? (provider.hosts ?? []) : [];
  return all.flatMap(([name, one], at) => {
    const path = ["addresses", name];
    const number = Number(firstHolder(one).slice("lb-".length));
    const twice = all.slice(0, at).some(([, { address }]) => address === one.address);
    return [
      ...(number > loadBalancers ? [{ path: [...path, "on"], why: `there are ${loadBalancers} load balancers` }] : []),
      ...(twice ? [{ path: [...path, "address"], why: "another name has it" }] : []),
      ...(hosts.includes(one.address) ? [{ path: [...path, "address"], why: "it is a host's own" }] : []),
    ];
  });
}

function badFile(file: string, findings: Told[], count: number): Problem {
  const told = findings.map(({ line, why }) => `${file}:${line} ${printable(why)}`);
  const more = count - told.length;
  return new Problem("bad-input", {
    what: count === 1 ? "the environment file has a mistake" : `the environment file has ${count} mistakes`,
    why: [...told, ...(more > 0 ? [`and ${more} more`] : [])].join("; "),
    next: "mend the line, then run the same command again (docs/environment-file.md lists every key)",
    at: `${file}:${findings[0]?.line ?? 1}`,
  });
}
