/** What servers of an environment are launched with: template, image, size and inputs, checked against each other. */
import { missingCredentials } from "../model/credential.ts";
import type { EnvironmentDefinition } from "../model/environment.ts";
import type { LaunchInput } from "../model/launch.ts";
import { canonical } from "../model/plan.ts";
import { asProblem, Problem } from "../model/problem.ts";
import type { Catalogue } from "../model/template/catalogue.ts";
import { fitOf } from "../model/template/fit.ts";
import { type Manifest, scriptsOf } from "../model/template/manifest.ts";
import { outside } from "../model/template/manifest-file.ts";
import { namedCredentials, plainValue } from "../model/template/process-inputs.ts";
import { readNamed, sayTemplate } from "../model/template/reference.ts";
import type { Boot, BootOf } from "../plan/boot.ts";
import type { Library } from "./template-library.ts";

export interface LaunchParts {
  library: Library;
  /** Of the provider that a definition names. */
  catalogue(definition: EnvironmentDefinition, definitionPath: string): Promise<Catalogue>;
  /** Names of an environment's credentials. */
  credentials(environment: string): Promise<string[]>;
}

export interface Launches {
  /** For planning; undefined where application servers have no template. */
  bootOf(definition: EnvironmentDefinition, definitionPath: string): Promise<BootOf | undefined>;
}

/** For the values of other servers, which may be on their way. */
const WAIT_MS = 120_000;

export const openLaunches = (parts: LaunchParts): Launches => ({
  async bootOf(definition, definitionPath) {
    const { environment, application, policy } = definition;
    const named = application.template === undefined ? null : readNamed(application.template);
    if (!named) return undefined;
    if (named.revision === null && policy.templates !== "any") throw headRefused(environment, named.name);
    const { ref, manifest } = await parts.library.find(named);
    const wish = { image: application.image ?? null, size: application.size ?? null };
    const { image, size, contradictions } = fitOf(manifest, wish, await parts.catalogue(definition, definitionPath));
    if (contradictions.length > 0) throw unfit(environment, sayTemplate(ref), contradictions);
    const inputs = ownInputs(manifest);
    const known = await parts.credentials(environment);
    const missing = namedCredentials(Object.values(inputs).map(({ value }) => value)).filter(
      (name) => !known.includes(name),
    );
    if (missing.length > 0) throw missingCredentials(environment, missing, `${sayTemplate(ref)} can't be launched`);
    const boot: Boot = {
      launch: { template: ref, image, size, inputs },
      runtime: manifest.runtime.map(({ check }) => check),
      scripts: manifest.scripts.boot.map(({ run, seconds, inputs: declared }) => ({
        ...{ run, seconds, inputs: Object.keys(declared) },
      })),
      decommissionSeconds: manifest.scripts.decommissionSeconds,
      waitMs: WAIT_MS,
    };
    return () => boot;
  },
});

/** What a launch would say with the template's own values alone; null when nothing. */
export function whyUnlaunchable(manifest: Manifest): string | null {
  try {
    ownInputs(manifest);
    return null;
  } catch (error) {
    return asProblem(error).text.why;
  }
}

/**
 * The template's own values, the only levels that are known here: what its scripts say when nobody says anything, and
 * what its manifest says. Every server gets the same ones.
 */
function ownInputs(manifest: Manifest): Record<string, LaunchInput> {
  const scripts = scriptsOf(manifest);
  const inputs: Record<string, LaunchInput> = {};
  const problems: string[] = [];
  for (const name of new Set([...Object.keys(manifest.inputs), ...scripts.flatMap((one) => Object.keys(one.inputs))])) {
    const declaring = scripts.filter((one) => name in one.inputs);
    const found = ownValue(manifest, name, declaring);
    const [first] = found;
    const needs = declaring.find(({ phase, inputs: declared }) => phase !== "operational" && declared[name]?.required);
    if (found.length > 1) problems.push(`${name} is ambiguous: ${found.map(({ from }) => from).join(" and ")} differ`);
    else if (first) inputs[name] = first;
    else if (needs) problems.push(`${name} has no value, and ${needs.name} requires it`);
    const why =
      first && declaring.map((one) => one.inputs[name] && outside(one.inputs[name], first.value)).find(Boolean);
    if (why) problems.push(`${name} can't be what it is: ${why}`);
  }
  if (problems.length === 0) return inputs;
  throw new Problem("refused", {
    what: `template "${manifest.name}" can't be launched`,
    why: problems.join("; "),
    next: "set the inputs in its manifest, commit it, and name that revision",
  });
}

/** None, one, or several that differ. */
function ownValue(manifest: Manifest, name: string, declaring: ReturnType<typeof scriptsOf>): LaunchInput[] {
  const own = manifest.inputs[name];
  if (own && !("inherit" in own))
    return plainValue(own).map((value) => ({ value, level: "template", from: manifest.name }));
  const defaults = declaring.flatMap(({ name: from, inputs }) =>
    plainValue(inputs[name]?.default).map((value) => ({ value, level: "script" as const, from })),
  );
  return defaults.filter(
    ({ value }, at) => defaults.findIndex((other) => canonical(other.value) === canonical(value)) === at,
  );
}

const headRefused = (environment: string, name: string): Problem =>
  new Problem("refused", {
    what: `"${environment}" can't be launched with the head of template "${name}"`,
    why: "what lies in its folder may change at any moment",
    next: `name a revision (changeover template commit ${name} -m MESSAGE), or set policy.templates: any`,
  });

const unfit = (environment: string, template: string, contradictions: string[]): Problem =>
  new Problem("refused", {
    what: `${template} does not fit "${environment}"`,
    why: contradictions.join("; "),
    next: `mend application.image or application.size, or the template; then: changeover template check ${template} --environment ${environment}`,
  });
