/** Reads the text of an environment file: YAML with positions in, a definition or every problem with its line out. */
import { type Document, LineCounter, parseDocument } from "yaml";
import type { z } from "zod";
import { unknownPlace } from "./announcement.ts";
import { type EnvironmentDefinition, environmentSchema } from "./environment.ts";
import { Problem } from "./problem.ts";

type Path = readonly PropertyKey[];

/** Throws one Problem that lists every finding as `file:line`. */
export function parseEnvironment(text: string, file: string): EnvironmentDefinition {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const fault = document.errors[0];
  if (fault) {
    throw badFile(file, [{ line: lines.linePos(fault.pos[0]).line, why: fault.message }]);
  }
  const lineOf = (path: Path): number => lineIn(document, lines, path);
  const parsed = environmentSchema.safeParse(document.toJS() ?? {});
  const findings = parsed.success ? crossCheck(parsed.data) : parsed.error.issues.flatMap(finding);
  if (findings.length > 0) {
    throw badFile(
      file,
      findings.map(({ path, why }) => ({ line: lineOf(path), why: `${path.join(".") || "the file"}: ${why}` })),
    );
  }
  return parsed.data as EnvironmentDefinition;
}

/** The line of a key in an environment file's text, or of what is nearest above it. */
export function lineOfKey(text: string, key: Path): number {
  const lines = new LineCounter();
  return lineIn(parseDocument(text, { lineCounter: lines, prettyErrors: false }), lines, key);
}

function lineIn(document: Document.Parsed, lines: LineCounter, path: Path): number {
  for (let depth = path.length; depth >= 0; depth--) {
    const found = document.getIn(path.slice(0, depth), true) as { range?: [number, number, number] } | undefined;
    if (found?.range) return lines.linePos(found.range[0]).line;
  }
  return 1;
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
  if (definition.hosts.public === definition.hosts.test) {
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
  const { write } = definition.ledger ?? {};
  if (write && !`${write.path}${write.body ?? ""}${Object.values(write.headers ?? {}).join("")}`.includes("{key}")) {
    found.push({ path: ["ledger", "write"], why: "must carry {key} in path, headers or body" });
  }
  return found;
}

function badFile(file: string, findings: { line: number; why: string }[]): Problem {
  const [first, ...rest] = findings.map(({ line, why }) => `${file}:${line} ${why}`);
  return new Problem("bad-input", {
    what:
      findings.length === 1
        ? "the environment file has a mistake"
        : `the environment file has ${findings.length} mistakes`,
    why: [first, ...rest].join("; "),
    next: "mend the line, then run the same command again (docs/environment-file.md lists every key)",
    at: `${file}:${findings[0]?.line ?? 1}`,
  });
}
