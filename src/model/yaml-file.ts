/** Reads the text of a YAML file against a schema: its data, or one Problem that lists every finding as `file:line`. */
import { type Document, LineCounter, parseDocument } from "yaml";
import type { z } from "zod";
import { printable } from "./environment-text.ts";
import { Problem } from "./problem.ts";
import { lineOfPath, strangeKeys } from "./yaml-places.ts";

type Path = readonly PropertyKey[];

export interface Finding {
  path: Path;
  why: string;
}

export interface FileKind<T> {
  /** "the environment file" */
  what: string;
  /** Where every key is listed. */
  page: string;
  schema: z.ZodType<T>;
  /** Rules between keys that a schema can't say. */
  crossCheck(data: T): Finding[];
}

/** Of a file that is wrong from end to end, the rest says nothing new. */
const MOST_FINDINGS = 20;

export function readYaml<T>(text: string, file: string, kind: FileKind<T>): T {
  const lines = new LineCounter();
  const count = text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
  // What is missing at the end is found behind it.
  const lineAt = (offset: number): number => Math.min(lines.linePos(offset).line, Math.max(1, count));
  const { document, faults, data } = read(text, lines, (told) => badFile(kind, file, told, told.length));
  if (faults.length > 0) {
    const tell = ({ offset, why }: Fault) => ({ line: lineAt(offset), why });
    throw badFile(kind, file, placed(faults, tell), faults.length);
  }
  const parsed = kind.schema.safeParse(data);
  const findings = parsed.success ? kind.crossCheck(parsed.data) : parsed.error.issues.flatMap(finding);
  if (parsed.success && findings.length === 0) return parsed.data;
  const tell = ({ path, why }: Finding) => ({
    line: lineOfPath(document, lines, path),
    why: `${path.map(String).join(".") || "the file"}: ${why}`,
  });
  throw badFile(kind, file, placed(findings, tell), findings.length);
}

const placed = <F>(findings: F[], place: (finding: F) => Told): Told[] =>
  findings
    .slice(0, MOST_FINDINGS)
    .map(place)
    .sort((left, right) => left.line - right.line);

/** The line of a key in a file's text, or of what is nearest above it. */
export function lineOfKey(text: string, key: Path): number {
  const lines = new LineCounter();
  return lineOfPath(parseDocument(text, { ...READING, lineCounter: lines }), lines, key);
}

/** The library compares each key of a mapping with every other one; strangeKeys does the same in one go. */
const READING = { prettyErrors: false, uniqueKeys: false, logLevel: "error" } as const;

interface Fault {
  offset: number;
  why: string;
}

interface Read {
  document: Document.Parsed;
  /** Where it is no YAML, or has keys that can't be meant; then there is no data. */
  faults: Fault[];
  data: unknown;
}

function read(text: string, lineCounter: LineCounter, bad: (told: Told[]) => Problem): Read {
  try {
    const document = parseDocument(text, { ...READING, lineCounter });
    const errors = document.errors.slice(0, 1).map(({ pos, message }) => ({ offset: pos[0], why: message }));
    const faults = errors.length > 0 ? errors : strangeKeys(document);
    // Aliases multiply: what a few lines could make of themselves has no limit but this one.
    return { document, faults, data: faults.length > 0 ? null : (document.toJS({ maxAliasCount: 100 }) ?? {}) };
  } catch (error) {
    const why = error instanceof RangeError ? "it is nested too deeply" : (error as Error).message;
    throw bad([{ line: 1, why }]);
  }
}

interface Told {
  line: number;
  why: string;
}

function finding(issue: z.core.$ZodIssue): Finding[] {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({ path: [...issue.path, key], why: "there is no such key" }));
  }
  const missing = issue.code === "invalid_type" && issue.message.endsWith("received undefined");
  return [{ path: issue.path, why: missing ? `is missing (expected ${issue.expected})` : issue.message }];
}

function badFile<T>({ what, page }: FileKind<T>, file: string, findings: Told[], count: number): Problem {
  const told = findings.map(({ line, why }) => `${file}:${line} ${printable(why)}`);
  const more = count - told.length;
  return new Problem("bad-input", {
    what: count === 1 ? `${what} has a mistake` : `${what} has ${count} mistakes`,
    why: [...told, ...(more > 0 ? [`and ${more} more`] : [])].join("; "),
    next: `mend the line, then run the same command again (${page} lists every key)`,
    at: `${file}:${findings[0]?.line ?? 1}`,
  });
}
