/** The text of a clone's environment file: its origin's, with other values, and comments that say which and what is still to decide. */
import { createHash } from "node:crypto";
import { basename } from "node:path";
import { parse } from "yaml";
import { parseEnvironment } from "../environment-file.ts";
import { lineOfKey } from "../yaml-file.ts";
import type { EnvironmentDefinition } from "../environment.ts";
import { printable } from "../environment-text.ts";
import { Problem } from "../problem.ts";
import type { Change } from "./derive.ts";
import { type Edit, editText } from "./edit-text.ts";

export interface Draft {
  text: string;
  definition: EnvironmentDefinition;
}

/** Not yet sealed. Refused when it would be no environment file. */
export function draftClone(
  { text, path }: { text: string; path: string },
  changes: readonly Change[],
  made: { origin: string; name: string; path: string },
): Draft {
  const draft = [
    `# "${made.name}", made of "${made.origin}" (${basename(path)}) by: changeover clone ${made.origin} ${made.name}`,
    "# derived, set: another value than there. DECIDE: still the same, and nothing is launched while it is.",
    editText(withoutHead(text), changes.map(asEdit)),
  ].join("\n");
  try {
    return { text: draft, definition: parseEnvironment(draft, made.path) };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    throw new Problem("bad-input", {
      what: `the file of "${made.name}" would have a mistake, so it is not written`,
      why: error.text.why,
      next: "give another value: --set KEY=VALUE",
    });
  }
}

function asEdit({ key, from, to, how, why }: Change): Edit {
  const was = from === undefined ? "not there" : printable(typeof from === "string" ? from : JSON.stringify(from));
  const word = how === "asked" ? "set" : "derived";
  return { key, to, comment: how === "moved" ? null : `${word}: ${key.join(".")} was ${was} (${why})` };
}

const MARK = "# While nobody edits this file, the command may write it again: ";

const sumOf = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 16);

/** Written by us and as we wrote it. */
export function isUnedited(text: string): boolean {
  const end = text.indexOf("\n");
  return end > 0 && text.slice(0, end) === `${MARK}${sumOf(text.slice(end + 1))}`;
}

/** A clone of a clone is made by another command. */
const withoutHead = (text: string): string => (text.startsWith(MARK) ? text.split("\n").slice(3).join("\n") : text);

export interface Note {
  key: readonly string[];
  comment: string;
}

/** The whole text: each note above the line on which its key stands, and a first line that tells whether anybody edited it. */
export function sealClone(draft: string, notes: readonly Note[]): string {
  const above = new Map<number, Set<string>>();
  for (const { key, comment } of notes) {
    const at = lineOfKey(draft, key) - 1;
    above.set(at, (above.get(at) ?? new Set()).add(comment));
  }
  const lines = draft.split("\n").flatMap((line, at) => {
    const indent = /^[ \t]*/.exec(line)?.[0] ?? "";
    return [...[...(above.get(at) ?? [])].map((comment) => `${indent}# ${comment}`), line];
  });
  const text = lines.join("\n");
  return `${MARK}${sumOf(text)}\n${text}`;
}

/** `key=value` as a person types it: parts of the key are joined by dots, which names of releases have, too. */
export function readSetting(data: unknown, typed: string): { key: string[]; to: unknown } {
  const at = typed.indexOf("=");
  const [path, value] = [typed.slice(0, at), typed.slice(at + 1)];
  if (at <= 0) {
    throw new Problem("bad-input", {
      what: `"${printable(typed)}" is no setting`,
      why: "a key, =, and its value are wanted",
      next: "as in: --set hosts.public=staging.example.com",
    });
  }
  const key = keyIn(data, path.split("."));
  const before = key.reduce<unknown>((held, part) => (held as Record<string, unknown> | undefined)?.[part], data);
  return { key, to: typedValue(value, typeof before === "string" || key.includes("inputs")) };
}

/** As many parts together as there is a key of; what is not there yet is taken part by part. */
function keyIn(data: unknown, parts: string[]): string[] {
  if (parts.length === 0) return [];
  const held = typeof data === "object" && data !== null ? (data as Record<string, unknown>) : {};
  for (let many = parts.length; many > 0; many--) {
    const name = parts.slice(0, many).join(".");
    if (Object.hasOwn(held, name)) return [name, ...keyIn(held[name], parts.slice(many))];
  }
  return [parts[0] ?? "", ...keyIn({}, parts.slice(1))];
}

/** Where a text stands, a text comes, also when it looks like a number. */
function typedValue(typed: string, wasText: boolean): unknown {
  try {
    const value: unknown = parse(typed);
    return wasText && (typeof value !== "object" || value === null) ? typed : value;
  } catch {
    return typed;
  }
}
