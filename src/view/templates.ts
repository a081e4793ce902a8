/** What people see of server templates: the library, one template, what differs, whether it fits. Pure. */
import type { TemplateDifferences } from "../model/template/differences.ts";
import type { Fit } from "../model/template/fit.ts";
import type { Manifest } from "../model/template/manifest.ts";
import { drawScript, type ScriptView } from "./scripts.ts";

export interface RevisionView {
  revision: number;
  hash: string;
  message: string;
  by: string;
  /** Milliseconds since 1970. */
  at: number;
}

export interface TemplateSummary {
  name: string;
  /** Of the head. */
  folder: string;
  description: string;
  newest: RevisionView | null;
  /** `same`: the revision that holds what lies in the folder now; null when none does. */
  head: { hash: string | null; same: number | null; problem: string | null };
}

export interface UsedBy {
  environment: string;
  servers: { server: string; template: string }[];
  /** Why nobody knows; null when it was asked. */
  problem: string | null;
}

export interface TemplateView extends TemplateSummary {
  shown: { template: string; hash: string; manifest: Manifest; scripts: ScriptView[] };
  /** Newest first. */
  history: RevisionView[];
  usedBy: UsedBy[];
}

export interface CheckView {
  template: string;
  hash: string;
  /** The revision of this very content. */
  committedAs: number | null;
  scripts: ScriptView[];
  /** Why no server can be launched with the template's own values alone. */
  unlaunchable: string | null;
  fit: (Fit & { environment: string }) | null;
}

export function drawTemplates(all: readonly TemplateSummary[]): string[] {
  if (all.length === 0) return ["There is no template. Next: changeover template commit FOLDER -m MESSAGE"];
  return all.flatMap(({ name, folder, description, newest, head }) => [
    `${name}@${newest?.revision ?? "?"}  ${description}`,
    `    head in ${folder}: ${drawHead(name, head)}`,
  ]);
}

function drawHead(name: string, { same, problem }: TemplateSummary["head"]): string {
  if (problem !== null) return `can't be read: ${problem}`;
  return same === null ? "not committed" : `the same as ${name}@${same}`;
}

export function drawTemplate({ name, folder, head, history, shown, usedBy }: TemplateView): string[] {
  const { manifest } = shown;
  const list = (all: readonly string[]) => all.join(", ") || "any";
  const inputs = Object.keys(manifest.inputs);
  return [
    `${shown.template}  ${manifest.description}`,
    `  content ${shown.hash}; architectures ${list(manifest.architectures)}; images ${list(manifest.images)}; sizes ${list(manifest.sizes)}`,
    ...(inputs.length > 0 ? [`  sets ${inputs.join(", ")}`] : []),
    ...shown.scripts.flatMap(drawScript),
    "",
    `Head in ${folder}: ${drawHead(name, head)}`,
    ...history.map(({ revision, message, by, at }) => `  ${name}@${revision}  ${time(at)}  ${by}  ${message}`),
    "",
    ...drawUse(name, usedBy),
  ];
}

function drawUse(name: string, usedBy: readonly UsedBy[]): string[] {
  const lines = usedBy.flatMap(({ environment, servers, problem }) => {
    if (problem !== null) return [`  ${environment}: nobody knows: ${problem}`];
    const templates = [...new Set(servers.map(({ template }) => template))].sort();
    return templates.map((template) => {
      const names = servers.filter((one) => one.template === template).map(({ server }) => server);
      return `  ${environment}: ${template} on ${names.join(", ")}`;
    });
  });
  return lines.length === 0 ? [`No server runs with "${name}".`] : ["Runs on:", ...lines];
}

export function drawDifferences({ from, to, same, words, files }: TemplateDifferences): string[] {
  if (same) return [`${from} and ${to} are the same.`];
  return [
    `${from} → ${to}`,
    ...words.map((one) => `  ${one}`),
    ...files.flatMap(({ path, change, mode, patch }) => [
      "",
      `${change} ${path}${mode === null ? "" : `, ${mode}`}`,
      // The library's own heading says once more what the line above says.
      ...(patch === null ? [] : patch.trimEnd().split("\n").slice(1)),
    ]),
  ];
}

export function drawCheck({ template, hash, committedAs, scripts, unlaunchable, fit }: CheckView): string[] {
  return [
    `${template}: ${scripts.length} scripts, content ${hash}, ${committedAs === null ? "not committed" : `committed as revision ${committedAs}`}`,
    ...(unlaunchable === null ? [] : [`· with its own values alone: ${unlaunchable}`]),
    ...(fit?.contradictions.map((one) => `✗ ${one}`) ?? []),
    ...(fit && fit.contradictions.length === 0
      ? [`✓ fits "${fit.environment}": image ${fit.image}, size ${fit.size}, ${fit.architecture}`]
      : []),
  ];
}

const time = (at: number): string => `${new Date(at).toISOString().slice(0, 16).replace("T", " ")} UTC`;
