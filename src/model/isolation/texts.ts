/** The texts of an environment file that reach a process or a request, and its loosely shaped parts; each with its place. */
import type { EnvironmentDefinition } from "../environment.ts";
import type { PlacedText } from "./footprint.ts";

/** Keys whose texts lead somewhere; what people only read, such as an announcement, leads nowhere. */
const LEADING = ["releases", "checks", "ledger", "inputs", "templates", "groups", "servers"];
/** Folders on the control plane's machine: they are packed and never written to. */
const ONLY_READ = new Set(["artefact"]);

interface Leaf {
  key: string[];
  text: string;
}

export function leavesOf(value: unknown, key: string[] = []): Leaf[] {
  if (typeof value === "string") return [{ key, text: value }];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, held]) => leavesOf(held, [...key, name]));
}

/** A key that not every release of Changeover knows. */
export const partOf = (definition: EnvironmentDefinition, name: string): unknown =>
  (definition as unknown as Record<string, unknown>)[name];

export const leadingTexts = (definition: EnvironmentDefinition): PlacedText[] =>
  LEADING.flatMap((name) => leavesOf(partOf(definition, name), [name]))
    .filter(({ key }) => !ONLY_READ.has(key.at(-1) ?? "") && key.at(-1) !== "credential")
    .map(({ key, text }) => ({ at: { key }, name: key.join("."), text }));
