/** What can be done with credentials: set, list, remove; and that a plan is only made when those that it needs are there. */
import { credentialsIn, missingCredentials } from "../model/credential.ts";
import type { EnvironmentDefinition } from "../model/environment.ts";
import { Problem } from "../model/problem.ts";
import { namedCredentials, plainValue } from "../model/template/process-inputs.ts";
import { readNamed, sayTemplate } from "../model/template/reference.ts";
import type { Credentials } from "../store/credentials.ts";
import { findEnvironment } from "../store/environments.ts";
import type { Store } from "../store/store.ts";
import { findRevision } from "../store/templates.ts";

export interface CredentialSeen {
  credential: string;
  set: boolean;
  /** Releases of the environment's file whose inputs name it, and its template. */
  usedBy: string[];
}

export interface CredentialDesk {
  /** True when it replaced an earlier value. Also before the environment is up, which may need it to come up. */
  set(environment: string, name: string, value: string): boolean;
  /** Those that are set, and those that the file names. */
  list(environment: string): Promise<CredentialSeen[]>;
  remove(environment: string, name: string): Promise<void>;
}

export function openCredentialDesk(store: Store, credentials: Credentials): CredentialDesk {
  const list = async (environment: string): Promise<CredentialSeen[]> => {
    const definition = (await findEnvironment(store, environment))?.definition;
    const users = [
      ...Object.entries(definition?.releases ?? {}).map(([by, { inputs }]) => ({ by, names: credentialsIn(inputs) })),
      ...(await ofTemplate(store, definition)),
    ];
    const set = credentials.names(environment);
    return [...new Set([...set, ...users.flatMap(({ names }) => names)])].sort().map((credential) => ({
      credential,
      set: set.includes(credential),
      usedBy: users.flatMap(({ by, names }) => (names.includes(credential) ? [by] : [])),
    }));
  };
  return {
    set: (environment, name, value) => credentials.set(environment, name, value),
    list,
    async remove(environment, name) {
      const seen = (await list(environment)).find(({ credential }) => credential === name);
      if (seen?.set && seen.usedBy.length > 0) throw stillUsed(environment, seen);
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

const stillUsed = (environment: string, { credential, usedBy }: CredentialSeen): Problem =>
  new Problem("refused", {
    what: `credential "${credential}" is still used`,
    why: `${usedBy.length === 1 ? "release" : "releases"} ${usedBy.join(", ")} of "${environment}" could not be started without it`,
    next: "take it out of the environment file, changeover up FILE, then remove it; or set another value",
  });
