/** What servers of an environment are launched with: template, image, size and inputs, checked against each other. */
import type { Clock } from "../model/clock.ts";
import { missingCredentials } from "../model/credential.ts";
import type { EnvironmentDefinition } from "../model/environment.ts";
import { drawFinding, mustBeLaunchable } from "../model/inputs/findings.ts";
import { type Asked, resolve } from "../model/inputs/resolve.ts";
import { ENVIRONMENT, type InputSet, type Place, valuesAt } from "../model/inputs/set.ts";
import type { InputValues } from "../model/inputs/value.ts";
import type { Launch, LaunchInput } from "../model/launch.ts";
import { Problem } from "../model/problem.ts";
import type { ServerRecord } from "../model/provider.ts";
import type { Catalogue } from "../model/template/catalogue.ts";
import { fitOf } from "../model/template/fit.ts";
import type { Manifest } from "../model/template/manifest.ts";
import { readNamed, sayTemplate } from "../model/template/reference.ts";
import type { Boot, BootOf } from "../plan/boot.ts";
import { credentialsNamed } from "./input-ground.ts";
import { declaringScripts, type Library } from "./template-library.ts";

export interface LaunchParts {
  library: Library;
  clock: Clock;
  /** Of the provider that a definition names. */
  catalogue(definition: EnvironmentDefinition, definitionPath: string): Promise<Catalogue>;
  /** Names of an environment's credentials. */
  credentials(environment: string): Promise<string[]>;
  /** What people said at every level of an environment. */
  inputs(environment: string): Promise<InputSet>;
}

export interface LaunchOptions {
  /** Whose inputs count, where that is another environment: a rehearsal's clone has its origin's. */
  inputsOf?: string;
  /** Instead of what the environment file says, for one server. */
  instead?: Partial<Pick<EnvironmentDefinition["application"], "template" | "image" | "size">>;
  /** Values that count for this launch only. */
  once?: InputValues;
}

export interface Launches {
  /** For planning; undefined where application servers have no template. */
  bootOf(
    definition: EnvironmentDefinition,
    definitionPath: string,
    options?: LaunchOptions,
  ): Promise<BootOf | undefined>;
}

/** For the values of other servers, which may be on their way. */
const WAIT_MS = 120_000;

export const openLaunches = (parts: LaunchParts): Launches => ({
  async bootOf(given, definitionPath, { inputsOf, instead, once } = {}) {
    const definition = { ...given, application: { ...given.application, ...instead } };
    const { environment, application, policy } = definition;
    const named = application.template === undefined ? null : readNamed(application.template);
    if (!named) return undefined;
    if (named.revision === null && policy.templates !== "any") throw headRefused(environment, named.name);
    const { ref, manifest } = await parts.library.find(named);
    const wish = { image: application.image ?? null, size: application.size ?? null };
    const { image, size, contradictions } = fitOf(manifest, wish, await parts.catalogue(definition, definitionPath));
    if (contradictions.length > 0) throw unfit(environment, sayTemplate(ref), contradictions);
    const said = { environment, set: await parts.inputs(inputsOf ?? environment), now: parts.clock.now(), once };
    const known = await parts.credentials(environment);
    return (record) => {
      const inputs = inputsFor(manifest, said, record);
      const missing = credentialsOf(inputs).filter((name) => !known.includes(name));
      if (missing.length > 0) throw missingCredentials(environment, missing, `"${record.name}" can't be launched`);
      return bootFrom({ template: ref, image, size, inputs }, manifest);
    };
  },
});

export const bootFrom = (launch: Launch, { runtime, scripts }: Manifest): Boot => ({
  launch,
  runtime: runtime.map(({ check }) => check),
  scripts: scripts.boot.map(({ run, seconds, inputs }) => ({ run, seconds, inputs: Object.keys(inputs) })),
  decommissionSeconds: scripts.decommissionSeconds,
  waitMs: WAIT_MS,
});

interface Said {
  environment: string;
  set: InputSet;
  now: number;
  once?: InputValues | undefined;
}

/** By the name that the server will have, or by its group's. */
function inputsFor(manifest: Manifest, { environment, set, now, once }: Said, { name, labels }: ServerRecord) {
  const { group } = labels;
  const place: Place = group === undefined ? { level: "server", owner: name } : { level: "group", owner: group };
  const found = resolve({
    ...declaredBy(manifest),
    environment: { name: environment, values: valuesAt(set, ENVIRONMENT, now) },
    owner: {
      level: place.level === "group" ? "group" : "server",
      name: place.owner,
      values: valuesAt(set, place, now),
    },
    ...(once ? { once } : {}),
  });
  mustBeLaunchable(environment, name, found.refusals);
  return found.inputs;
}

const declaredBy = (manifest: Manifest): Pick<Asked, "scripts" | "template"> => ({
  scripts: declaringScripts(manifest),
  template: { name: manifest.name, values: manifest.inputs },
});

/** What a launch would say with the template's own values alone; null when nothing. */
export function whyUnlaunchable(manifest: Manifest): string | null {
  const nobody = { name: "", values: {} };
  const { refusals } = resolve({ ...declaredBy(manifest), environment: nobody, owner: { ...nobody, level: "server" } });
  return refusals.length === 0 ? null : refusals.map(drawFinding).join("; ");
}

const credentialsOf = (inputs: Record<string, LaunchInput>): string[] =>
  credentialsNamed(Object.values(inputs).map(({ value }) => value));

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
