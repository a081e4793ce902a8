/** What people see of templates on servers: which one runs with what, how it stands, and which scripts it has. Pure. */
import type { ServerRecord } from "../model/provider.ts";
import { type Manifest, scriptsOf } from "../model/template/manifest.ts";
import { plainValue, sayValue } from "../model/template/process-inputs.ts";
import { byAge, seenTemplate, type TemplateState } from "../model/template/server-state.ts";

export interface ScriptView {
  name: string;
  phase: string;
  description: string;
  seconds: number;
  inputs: {
    name: string;
    required: boolean;
    choices: string[] | null;
    /** What it is when nobody says anything, as people read it. */
    default: string | null;
    description: string;
  }[];
}

export interface TemplatedServer {
  server: string;
  template: string;
  state: TemplateState;
  stranded: { at: string; why: string } | null;
  forcedBy: string | null;
  kept: string | null;
  /** Null while it never was operational. */
  operationalForMs: number | null;
}

export interface ScriptsView {
  environment: string;
  /** Longest running first. */
  servers: TemplatedServer[];
  /** By template, as it lies on the servers. */
  scripts: Record<string, ScriptView[]>;
}

interface Seen {
  record: ServerRecord;
  manifest: Manifest | null;
}

export function viewScripts(facts: { environment: string; now: number; candidates: readonly Seen[] }): ScriptsView {
  const sorted = [...facts.candidates].sort((left, right) => byAge(left.record, right.record));
  const scripts: Record<string, ScriptView[]> = {};
  for (const { record, manifest } of sorted) {
    const name = seenTemplate(record)?.template ?? "";
    if (manifest) scripts[name] ??= scriptsOf(manifest).map(viewScript);
  }
  return {
    environment: facts.environment,
    servers: sorted.flatMap((one) => viewServer(one.record, facts.now)),
    scripts,
  };
}

export const viewScript = ({ name, phase, description, seconds, inputs }: ReturnType<typeof scriptsOf>[number]) => ({
  ...{ name, phase, description, seconds },
  inputs: Object.entries(inputs).map(([input, { required, choices, default: fallback, description: told }]) => ({
    ...{ name: input, required, choices: choices ?? null, description: told },
    default: plainValue(fallback).map(sayValue)[0] ?? null,
  })),
});

function viewServer(record: ServerRecord, now: number): TemplatedServer[] {
  const seen = seenTemplate(record);
  if (!seen) return [];
  const { template, state, stranded, forcedBy, operationalAt } = seen;
  const operationalForMs = operationalAt === null ? null : Math.max(0, now - operationalAt);
  const kept = record.labels.kept ?? null;
  return [{ server: record.name, template, state, stranded, forcedBy, kept, operationalForMs }];
}

export function drawScripts({ environment, servers, scripts }: ScriptsView): string[] {
  if (servers.length === 0) return [`No server of "${environment}" has a template.`];
  return [
    ...servers.map(drawServer),
    ...Object.entries(scripts).flatMap(([template, all]) => ["", `${template}:`, ...all.flatMap(drawScript)]),
  ];
}

function drawServer({ server, template, state, stranded, forcedBy, kept, operationalForMs }: TemplatedServer): string {
  const more = [
    ...(operationalForMs === null || state !== "operational" ? [] : [`for ${age(operationalForMs)}`]),
    ...(forcedBy === null ? [] : [`on the word of ${forcedBy}`]),
    ...(stranded ? [`at ${stranded.at}: ${stranded.why}`] : []),
    ...(kept === null ? [] : [`kept for ${kept}`]),
  ].join(", ");
  return `${server.padEnd(12)} ${template.padEnd(14)} ${state}${more === "" ? "" : ` ${more}`}`;
}

export function drawScript({ name, phase, description, seconds, inputs }: ScriptView): string[] {
  const what = description === "" ? "" : `  ${description}`;
  return [
    `  ${phase.padEnd(12)} ${name.padEnd(24)} at most ${seconds} s${what}`,
    ...inputs.map((input) => {
      const choices = input.choices ? ` (${input.choices.join(", ")})` : "";
      const told = input.description === "" ? "" : `: ${input.description}`;
      const fallback = input.default === null ? "" : ` = ${input.default}`;
      return `      ${input.name}${fallback}${input.required ? ", required" : ""}${choices}${told}`;
    }),
  ];
}

function age(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 120) return `${minutes} min`;
  return minutes < 2 * 24 * 60 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / (24 * 60))} days`;
}

export interface ScriptOutcome {
  script: string;
  upgrade: string;
  state: string;
  ran: { server: string; output: string }[];
  /** Null when none failed. */
  failed: { server: string; why: string } | null;
  notRun: string[];
  leftOut: { server: string; why: string }[];
  reason: string | null;
}

interface SeenStep {
  name: string;
  durationMs: number | null;
  evidence: Record<string, string | number | boolean> | null;
  problem: { why: string } | null;
}

/** `servers` in the order of the plan, which is that of its steps. */
export function scriptOutcome(
  script: string,
  view: { id: string; state: string; reason: string | null; stages: { steps: SeenStep[] }[] },
  { servers, leftOut }: { servers: string[]; leftOut: { server: string; why: string }[] },
): ScriptOutcome {
  const steps = view.stages.flatMap((stage) => stage.steps).filter(({ name }) => name === "run-script");
  const outcome: ScriptOutcome = {
    ...{ script, upgrade: view.id, state: view.state, ran: [], failed: null, notRun: [], leftOut, reason: view.reason },
  };
  for (const [at, server] of servers.entries()) {
    const step = steps[at];
    if (step?.problem) outcome.failed = { server, why: step.problem.why };
    else if (step?.evidence) outcome.ran.push({ server, output: String(step.evidence.output ?? "") });
    else outcome.notRun.push(server);
  }
  return outcome;
}

export function drawOutcome({ script, ran, failed, notRun, leftOut, reason }: ScriptOutcome): string[] {
  const output = ({ server, output: text }: { server: string; output: string }) =>
    text === "" ? [`✓ ${server}`] : [`✓ ${server}`, ...text.split("\n").map((line) => `    ${line}`)];
  return [
    ...ran.flatMap(output),
    ...(failed ? [`✗ ${failed.server}: ${failed.why}`] : []),
    ...(notRun.length > 0 ? [`· not run on ${notRun.join(", ")}`] : []),
    ...leftOut.map(({ server, why }) => `· left out: ${server}: ${why}`),
    ...(failed || notRun.length === 0 || reason === null ? [] : [`Stopped: ${reason}`]),
    `${script} ran on ${ran.length} of ${ran.length + (failed ? 1 : 0) + notRun.length} servers.`,
  ];
}
