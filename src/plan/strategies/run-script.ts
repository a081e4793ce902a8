/** A script on some servers, one after the other: the first failure is the last thing that happens. */
import type { LaunchValue } from "../../model/launch.ts";
import type { Plan, PlanStep, Stage } from "../../model/plan.ts";
import { Problem } from "../../model/problem.ts";
import type { ServerRecord } from "../../model/provider.ts";
import { type Manifest, type PlacedScript, scriptsOf } from "../../model/template/manifest.ts";
import { outside } from "../../model/template/manifest-file.ts";
import { plainValue } from "../../model/template/process-inputs.ts";
import { byAge, scriptsRefused, seenTemplate } from "../../model/template/server-state.ts";
import { gate } from "../../steps/gate.ts";
import { runScript } from "../../steps/run-script.ts";
import { act, inOrder } from "../stage.ts";

/** A server with a template, as it was seen. */
export interface Candidate {
  record: ServerRecord;
  /** Content of the template that lies there; null, with no manifest, where it was stranded before that. */
  hash: string | null;
  manifest: Manifest | null;
  /** Names of the inputs that it runs with. */
  inputs: readonly string[];
}

export type Selection =
  | { kind: "named"; servers: readonly string[] }
  | { kind: "all" }
  /** `ask`: a person looks at the oldest before the rest begins. */
  | { kind: "oldest-then-rest"; ask: boolean };

export interface RunScriptWish {
  environment: string;
  release: string;
  script: string;
  selection: Selection;
  given: Record<string, LaunchValue>;
  candidates: readonly Candidate[];
  gateMs: number;
}

export interface LeftOut {
  server: string;
  why: string;
}

export interface PlannedRun {
  plan: Plan;
  /** In order. */
  servers: string[];
  leftOut: LeftOut[];
}

const STAYS = "what the script did stays; one that still runs is ended";

export function planRunScript(wish: RunScriptWish): PlannedRun {
  const { environment, release, script, selection } = wish;
  const { chosen, leftOut } = choose(wish);
  const found = chosen.map((candidate) => ({ candidate, script: scriptIn(candidate, script) as PlacedScript }));
  mustHaveInputs(wish, found);
  const steps = found.map((one) => stepFor(wish, one));
  return {
    plan: {
      ...{ format: 1, environment, strategy: "run-script", from: release, to: release },
      stages: stagesOf(script, selection, steps, wish.gateMs),
      afterWayBack: [],
      failAt: null,
    },
    servers: chosen.map(({ record }) => record.name),
    leftOut,
  };
}

function stagesOf(script: string, selection: Selection, steps: PlanStep[], gateMs: number): Stage[] {
  const [oldest, ...rest] = steps;
  if (selection.kind !== "oldest-then-rest" || !oldest || rest.length === 0) {
    return [inOrder(`Run ${script}, one after the other`, STAYS, steps)];
  }
  const asking = act(gate, {
    gate: "rest",
    question: `${script} ran on the oldest server. Run it on the other ${rest.length}?`,
    deadlineMs: gateMs,
    atDeadline: "way-back",
    answeredByYes: true,
    evidenceOf: [runScript.name],
    fix: null,
  });
  return [
    inOrder(`Run ${script} on the oldest`, STAYS, [oldest]),
    ...(selection.ask ? [inOrder("Look at it", STAYS, [asking])] : []),
    inOrder(`Run ${script} on the rest, one after the other`, STAYS, rest),
  ];
}

const scriptIn = ({ manifest }: Candidate, name: string): PlacedScript | undefined => {
  const scripts = manifest ? scriptsOf(manifest) : [];
  return (
    scripts.find((one) => one.phase === "operational" && one.name === name) ?? scripts.find((one) => one.name === name)
  );
};

/** Whoever names a server means it; of all of them, those are left out that can't. */
function choose({ environment, script, selection, candidates }: RunScriptWish) {
  const refusals = new Map(candidates.map((candidate) => [candidate.record.name, refusal(candidate, script)] as const));
  if (selection.kind === "named") {
    const chosen = [...new Set(selection.servers)].map((name) => {
      const candidate = candidates.find(({ record }) => record.name === name);
      const why = candidate ? refusals.get(name) : "there is no such server with a template";
      if (candidate && !why) return candidate;
      throw cantRun(candidate ? "refused" : "not-found", environment, script, `"${name}": ${why}`);
    });
    return { chosen, leftOut: [] };
  }
  const chosen = candidates.filter(({ record }) => !refusals.get(record.name));
  const leftOut = [...refusals].flatMap(([server, why]) => (why ? [{ server, why }] : []));
  if (chosen.length > 0) return { chosen: chosen.sort((left, right) => byAge(left.record, right.record)), leftOut };
  const known = candidates.flatMap(({ manifest }) => (manifest ? scriptsOf(manifest) : [])).map(({ name }) => name);
  const why = leftOut.map(({ server, why: one }) => `"${server}": ${one}`).join("; ") || "no server has a template";
  throw cantRun(known.includes(script) ? "refused" : "not-found", environment, script, why);
}

const refusal = (candidate: Candidate, script: string): string | null =>
  scriptsRefused(candidate.record) ??
  (scriptIn(candidate, script)
    ? null
    : `${seenTemplate(candidate.record)?.template} has no script "${script}", but ${namesIn(candidate)}`);

const namesIn = ({ manifest }: Candidate): string =>
  (manifest ? scriptsOf(manifest) : []).map(({ name }) => name).join(", ") || "none at all";

const cantRun = (kind: "refused" | "not-found", environment: string, script: string, why: string): Problem =>
  new Problem(kind, {
    what: `"${script}" can't be run in "${environment}"`,
    why,
    next: `changeover script list ${environment}`,
  });

interface Found {
  candidate: Candidate;
  script: PlacedScript;
}

/** What is missing is asked for by its name, before anything runs anywhere. */
function mustHaveInputs({ environment, script: name, given }: RunScriptWish, found: readonly Found[]): void {
  const declared = found.flatMap(({ script }) => Object.entries(script.inputs));
  const unknown = Object.keys(given).filter((one) => !declared.some(([input]) => input === one));
  const wrong = declared.flatMap(([input, declaration]) => {
    const why = given[input] && outside(declaration, given[input]);
    return why ? [`${input}: ${why}`] : [];
  });
  const missing = found.flatMap(({ candidate, script }) =>
    Object.entries(script.inputs)
      .filter(
        ([input, { required, default: fallback }]) =>
          required && !(input in given) && plainValue(fallback).length === 0 && !candidate.inputs.includes(input),
      )
      .map(([input]) => input),
  );
  const reads = [...new Set(declared.map(([input]) => input))].join(", ") || "none";
  const why = [
    ...(unknown.length > 0 ? [`it does not read ${unknown.join(", ")}; it reads ${reads}`] : []),
    ...new Set(wrong),
    ...(missing.length > 0 ? [`it needs ${[...new Set(missing)].join(", ")}, and nobody gave it`] : []),
  ];
  if (why.length === 0) return;
  const asked = [...new Set(missing)].map((input) => ` --input ${input}=VALUE`).join("");
  throw new Problem("bad-input", {
    what: `${name} can't be run like this`,
    why: why.join("; "),
    next: asked ? `changeover script run ${environment} ${name} …${asked}` : `changeover script list ${environment}`,
  });
}

function stepFor({ given }: RunScriptWish, { candidate, script }: Found): PlanStep {
  const { name, phase, run, seconds, inputs } = script;
  const fallbacks = Object.entries(inputs)
    .filter(([input]) => !candidate.inputs.includes(input))
    .flatMap(([input, declaration]) => plainValue(declaration.default).map((value) => [input, value] as const));
  const own = Object.fromEntries(Object.entries(given).filter(([input]) => input in inputs));
  return act(runScript, {
    server: candidate.record.name,
    script: { name, phase, run, seconds, inputs: Object.keys(inputs) },
    hash: candidate.hash ?? "",
    defaults: Object.fromEntries(fallbacks),
    given: own,
  });
}
