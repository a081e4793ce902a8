/** What differs between two contents of a template: file by file, and in the manifest's own words. Pure. */
import { createTwoFilesPatch } from "diff";
import type { InputDeclaration } from "../inputs/declaration.ts";
import type { InputValue } from "../inputs/value.ts";
import type { Manifest, PlacedScript, Script } from "./manifest.ts";
import { scriptsOf } from "./manifest.ts";
import { sayValue } from "./process-inputs.ts";

export interface TemplateFileSeen {
  path: string;
  executable: boolean;
  hash: string;
  /** Null where it can't be shown. */
  text: string | null;
}

export interface TemplateContent {
  /** `app@3` */
  name: string;
  hash: string;
  manifest: Manifest;
  files: ReadonlyMap<string, TemplateFileSeen>;
}

export interface FileDifference {
  path: string;
  change: "added" | "removed" | "changed";
  /** What became of it besides its content; null for nothing. */
  mode: "became executable" | "is no longer executable" | null;
  /** Unified; null where there is no text, or only the mode changed. */
  patch: string | null;
}

export interface TemplateDifferences {
  from: string;
  to: string;
  same: boolean;
  /** What it means for servers, a sentence each. */
  words: string[];
  files: FileDifference[];
}

export function templateDifferences(from: TemplateContent, to: TemplateContent): TemplateDifferences {
  const paths = [...new Set([...from.files.keys(), ...to.files.keys()])].sort();
  return {
    from: from.name,
    to: to.name,
    same: from.hash === to.hash,
    words: inWords(from.manifest, to.manifest),
    files: paths.flatMap((path) => fileDifference(from, to, path) ?? []),
  };
}

function fileDifference(from: TemplateContent, to: TemplateContent, path: string): FileDifference | null {
  const [before, after] = [from.files.get(path), to.files.get(path)];
  if (before && after && before.hash === after.hash && before.executable === after.executable) return null;
  const change = !before ? "added" : !after ? "removed" : "changed";
  const flipped = before && after && before.executable !== after.executable;
  const mode = flipped ? (after.executable ? "became executable" : "is no longer executable") : null;
  const texts = [before ? before.text : "", after ? after.text : ""] as const;
  const shown = before?.hash !== after?.hash && texts[0] !== null && texts[1] !== null;
  const [left, right] = [`${from.name}/${path}`, `${to.name}/${path}`];
  return { path, change, mode, patch: shown ? createTwoFilesPatch(left, right, texts[0] ?? "", texts[1] ?? "") : null };
}

function inWords(from: Manifest, to: Manifest): string[] {
  const list = (all: readonly string[]) => all.join(", ") || "any";
  const needs = ({ needs: { cores, memoryMiB, diskMiB } }: Manifest) =>
    `${cores} cores, ${memoryMiB} MiB of memory, ${diskMiB} MiB of disk`;
  return [
    ...changed("architectures", list(from.architectures), list(to.architectures)),
    ...changed("images", list(from.images), list(to.images)),
    ...changed("sizes", list(from.sizes), list(to.sizes)),
    ...changed("needs", needs(from), needs(to)),
    ...listed(
      "runtime check",
      from.runtime.map(({ check }) => check),
      to.runtime.map(({ check }) => check),
    ),
    ...keyed(from.inputs, to.inputs, (name, before, after) => valueInWords(`input ${name}`, before, after)),
    ...inScripts(from, to),
    ...changed(
      "the window for decommission scripts",
      `${from.scripts.decommissionSeconds} s`,
      `${to.scripts.decommissionSeconds} s`,
    ),
  ];
}

const changed = (what: string, before: string, after: string): string[] =>
  before === after ? [] : [`${what}: ${before} → ${after}`];

const listed = (what: string, before: readonly string[], after: readonly string[]): string[] => [
  ...after.filter((one) => !before.includes(one)).map((one) => `${what} "${one}" is new`),
  ...before.filter((one) => !after.includes(one)).map((one) => `${what} "${one}" is gone`),
];

function keyed<T>(
  before: Record<string, T>,
  after: Record<string, T>,
  say: (name: string, before: T | undefined, after: T | undefined) => string[],
): string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return names.flatMap((name) => say(name, before[name], after[name]));
}

function valueInWords(what: string, before: InputValue | undefined, after: InputValue | undefined): string[] {
  const say = (value: InputValue | undefined) => (value === undefined ? "not set" : sayInput(value));
  return changed(what, say(before), say(after));
}

const sayInput = (value: InputValue): string => {
  if ("ignore" in value) return "ignored";
  return "inherit" in value ? "inherited" : sayValue(value);
};

function inScripts(from: Manifest, to: Manifest): string[] {
  const of = (manifest: Manifest) =>
    Object.fromEntries(scriptsOf(manifest).map((script) => [`${script.phase} script ${script.name}`, script]));
  return [
    ...keyed<PlacedScript>(of(from), of(to), (what, before, after) => {
      if (!before) return [`${what} is new${sayReads(after)}`];
      return after ? inScript(what, before, after) : [`${what} is gone`];
    }),
    ...(["boot", "decommission"] as const).flatMap((phase) => {
      const order = (manifest: Manifest, other: Manifest) =>
        manifest.scripts[phase]
          .map(({ run }) => run)
          .filter((run) => other.scripts[phase].some((one) => one.run === run))
          .join(", ");
      return changed(`order of the ${phase} scripts`, order(from, to), order(to, from));
    }),
  ];
}

const sayReads = (script: Script | undefined): string => {
  const names = Object.keys(script?.inputs ?? {});
  return names.length === 0 ? "" : `; it reads ${names.join(", ")}`;
};

const inScript = (what: string, before: Script, after: Script): string[] => [
  ...changed(`${what} runs`, before.run, after.run),
  ...changed(`${what} may take`, `${before.seconds} s`, `${after.seconds} s`),
  ...keyed(before.inputs, after.inputs, (name, one, other) => declarationInWords(what, name, one, other)),
];

function declarationInWords(
  what: string,
  name: string,
  before: InputDeclaration | undefined,
  after: InputDeclaration | undefined,
): string[] {
  const need = ({ required }: InputDeclaration) => (required ? "required" : "optional");
  if (!before) return after ? [`${what} reads ${name} from now on (${need(after)})`] : [];
  if (!after) return [`${what} no longer reads ${name}`];
  const at = `${name} of ${what}`;
  return [
    ...changed(at, need(before), need(after)),
    ...valueInWords(`default of ${at}`, before.default, after.default),
    ...changed(`choices of ${at}`, before.choices?.join(", ") ?? "anything", after.choices?.join(", ") ?? "anything"),
  ];
}
