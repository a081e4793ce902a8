/** What can be done with credentials: set, list, remove; and that a plan is only made when those that it needs are there. */
import { credentialsOfRule } from "../model/alerts/action.ts";
import { credentialsIn, missingCredentials } from "../model/credential.ts";
import type { EnvironmentDefinition } from "../model/environment.ts";
import { nameOf } from "../model/inputs/difference.ts";
import { Problem } from "../model/problem.ts";
import { namedCredentials, plainValue } from "../model/template/process-inputs.ts";
import { readNamed, sayTemplate } from "../model/template/reference.ts";
import type { Credentials } from "../store/credentials.ts";
import { findEnvironment } from "../store/environments.ts";
import { inputsOf } from "../store/inputs.ts";
import type { Store } from "../store/store.ts";
import { findRevision } from "../store/templates.ts";
import { credentialsNamed } from "./input-ground.ts";
import { mustBeAllowed } from "./locks.ts";

export interface CredentialSeen {
  credential: string;
  set: boolean;
  /** What needs it: releases by their inputs, the template, alerts by their messages, `names.key`. */
  usedBy: string[];
  /** Inputs whose values name it, like "PASSWORD of server app-1". */
  inputs: string[];
}

export interface CredentialDesk {
  /** True when it replaced an earlier value. Also before the environment is up, which may need it to come up. */
  set(environment: string, name: string, value: string): Promise<boolean>;
  /** Those that are set, and those that the file names. */
  list(environment: string): Promise<CredentialSeen[]>;
  remove(environment: string, name: string): Promise<void>;
}

export function openCredentialDesk(store: Store, credentials: Credentials): CredentialDesk {
  const list = async (environment: string): Promise<CredentialSeen[]> => {
    const definition = (await findEnvironment(store, environment))?.definition;
    const alerts = definition?.alerts ?? [];
    const key = definition?.names?.key?.credential;
    const users = [
      ...Object.entries(definition?.releases ?? {}).map(([by, { inputs }]) => ({ by, names: credentialsIn(inputs) })),
      ...(await ofTemplate(store, definition)),
      ...alerts.map((rule) => ({ by: `alert ${rule.name}`, names: credentialsOfRule(rule) })),
      ...(key ? [{ by: "names.key", names: [key] }] : []),
    ];
    const held = await inputsOf(store, environment);
    const set = credentials.names(environment);
    const named = [...users.flatMap(({ names }) => names), ...credentialsNamed(held.map(({ value }) => value))];
    return [...new Set([...set, ...named])].sort().map((credential) => ({
      credential,
      set: set.includes(credential),
      usedBy: users.flatMap(({ by, names }) => (names.includes(credential) ? [by] : [])),
      inputs: held.filter(({ value }) => credentialsNamed([value]).includes(credential)).map(nameOf),
    }));
  };
  return {
    async set(environment, name, value) {
      await mustBeAllowed(store, { environment, verb: "credential-set" });
      return credentials.set(environment, name, value);
    },
    list,
    async remove(environment, name) {
      await mustBeAllowed(store, { environment, verb: "credential-remove" });
      const seen = (await list(environment)).find(({ credential }) => credential === name);
      if (seen?.set && seen.usedBy.length > 0) throw stillUsed(environment, seen);
      if (seen?.set && seen.inputs.length > 0) throw stillNamed(environment, seen);
      if (credentials.remove(environment, name)) return;
      throw new Problem("not-found", {
        what: `environment "${environment}" has no credential "${name}"`,
        why: "nobody set it, or it was removed",
        next: `changeover credential list ${environment}`,
      });
    },
  };
}

/** Of the revision that new servers are launched with; what the head says may be another thing by then. */
async function ofTemplate(store: Store, definition: EnvironmentDefinition | undefined) {
  const named = readNamed(definition?.application.template ?? "");
  const revision = named?.revision ? await findRevision(store, named.name, named.revision) : null;
  if (!named || !revision) return [];
  const values = Object.values(revision.manifest.inputs).flatMap(plainValue);
  return [{ by: sayTemplate(named), names: namedCredentials(values) }];
}

/** Looked at while planning: else a process would fail to start in the middle of an upgrade. */
export function mustHaveCredentials(
  { environment, releases }: EnvironmentDefinition,
  used: readonly string[],
  known: readonly string[],
): void {
  const wanted = credentialsIn(...used.map((release) => releases[release]?.inputs ?? {}));
  const missing = wanted.filter((name) => !known.includes(name));
  if (missing.length === 0) return;
  throw missingCredentials(environment, missing, `release ${used.at(-1)} can't be started on "${environment}"`);
}

const stillNamed = (environment: string, { credential, inputs }: CredentialSeen): Problem =>
  new Problem("refused", {
    what: `credential "${credential}" is still used`,
    why: `a launch would lack it: ${inputs.join(", ")} of "${environment}"`,
    next: `changeover inputs unset ${environment} NAME, or: changeover inputs drop ${environment}; or set another value`,
  });

/** Looked at when the file is taken over: else nobody would hear of the first alert. */
export function mustHaveAlertCredentials(
  { environment, alerts }: EnvironmentDefinition,
  known: readonly string[],
): void {
  for (const rule of alerts) {
    const missing = credentialsOfRule(rule).filter((name) => !known.includes(name));
    if (missing.length > 0)
      throw missingCredentials(environment, missing, `alert "${rule.name}" of "${environment}" could tell nobody`);
  }
}

const stillUsed = (environment: string, { credential, usedBy }: CredentialSeen): Problem =>
  new Problem("refused", {
    what: `credential "${credential}" is still used`,
    why: `${usedBy.join(", ")} of "${environment}" can't do without it`,
    next: "take it out of the environment file, changeover up FILE, then remove it; or set another value",
  });
