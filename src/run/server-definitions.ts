/** Servers that are written down before they are launched: cloned, changed in an order, explained, forgotten. */
import type { Clock } from "../model/clock.ts";
import { spell } from "../model/inputs/spelling.ts";
import type { Inventory } from "../model/inventory.ts";
import { Problem } from "../model/problem.ts";
import { type Change, type ServerDefinition, withChange } from "../model/server/definition.ts";
import { readNamed } from "../model/template/reference.ts";
import { everyRecord, Layout } from "../plan/layout.ts";
import { findServer, type Ground } from "../plan/strategies/server/ground.ts";
import { configurationNow } from "../plan/strategies/server/prepare.ts";
import {
  definitionsOf,
  insertDefinition,
  lockDefinition,
  removeDefinition,
  updateDefinition,
} from "../store/server-definitions.ts";
import type { Store } from "../store/store.ts";
import type { Environments } from "./environments.ts";
import { mustBeAllowed } from "./locks.ts";
import { readTyped } from "./input-secrets.ts";

export interface DefinitionParts {
  store: Store;
  environments: Pick<Environments, "find" | "inventory">;
  clock: Clock;
  /** Leaves out every secret that is known here. */
  redact(text: string): string;
}

const VERB = "server-clone";

export async function cloneServer(
  { store, clock }: DefinitionParts,
  ground: Ground,
  source: string,
  { name, by }: { name: string | null; by: string },
): Promise<ServerDefinition> {
  const { environment } = ground.definition;
  await mustBeAllowed(store, { environment, verb: VERB });
  const { record } = findServer(ground, source);
  const base = configurationNow(ground, source);
  const refuse = (what: string, why: string): Problem =>
    new Problem("refused", { what, why, next: `changeover server list ${environment}` });
  if (!base) throw refuse(`"${source}" can't be cloned`, "nothing is installed on it, so there is nothing to be like");
  const known = await definitionsOf(store, environment);
  const definition: ServerDefinition = {
    ...{ environment, clonedFrom: source, base, changes: [], explained: {}, createdBy: by, createdAt: clock.now() },
    name: name ?? freeName(ground.inventory, known, record.labels.group ?? "app"),
  };
  const taken = everyRecord(ground.inventory).some((one) => one.name === definition.name);
  if (!taken && (await insertDefinition(store, definition))) return definition;
  throw refuse(`"${source}" can't be cloned as "${definition.name}"`, "there is a server of this name already");
}

function freeName(inventory: Inventory, definitions: readonly ServerDefinition[], prefix: string): string {
  const wanted = definitions.map(({ environment, name }) => ({
    ...{ environment, name, kind: "application" as const },
    ...{ address: "", labels: {} },
  }));
  return new Layout(inventory.environment, { hosts: [] }, [...everyRecord(inventory), ...wanted]).freeName(prefix);
}

export function changeServer(
  parts: DefinitionParts,
  environment: string,
  name: string,
  asked: Pick<Change, "key" | "value" | "by">,
): Promise<ServerDefinition> {
  return edit(parts, environment, name, async (definition) => {
    const value = await checkedValue(parts, environment, asked);
    return withChange(definition, { ...asked, value, at: parts.clock.now() });
  });
}

export const explainServer = (
  parts: DefinitionParts,
  environment: string,
  name: string,
  { fact, why }: { fact: string; why: string },
): Promise<ServerDefinition> =>
  edit(parts, environment, name, async (definition) => ({
    ...definition,
    explained: { ...definition.explained, [fact]: why },
  }));

export async function forgetServer(
  { store, environments }: DefinitionParts,
  environment: string,
  name: string,
): Promise<void> {
  await mustBeAllowed(store, { environment, verb: VERB });
  const { applications } = await environments.inventory(environment);
  if (applications.some(({ record }) => record.name === name)) {
    throw new Problem("refused", {
      what: `server "${name}" can't be forgotten`,
      why: "it is launched",
      next: `changeover server retire ${environment} ${name}`,
    });
  }
  if (!(await removeDefinition(store, environment, name))) throw unknownServer(environment, name);
}

export async function mustFindDefinition(store: Store, environment: string, name: string): Promise<ServerDefinition> {
  const found = (await definitionsOf(store, environment)).find((one) => one.name === name);
  if (found) return found;
  throw unknownServer(environment, name);
}

function edit(
  { store }: DefinitionParts,
  environment: string,
  name: string,
  change: (definition: ServerDefinition) => Promise<ServerDefinition>,
): Promise<ServerDefinition> {
  return store.transaction(async (db) => {
    await mustBeAllowed(db, { environment, verb: VERB });
    const found = await lockDefinition(db, environment, name);
    if (!found) throw unknownServer(environment, name);
    const changed = await change(found);
    await updateDefinition(db, changed);
    return changed;
  });
}

/** What a launch would refuse anyhow is refused where it is typed. */
async function checkedValue(
  { environments, redact }: DefinitionParts,
  environment: string,
  { key, value }: Pick<Change, "key" | "value">,
): Promise<string> {
  const bad = (why: string, next: string): Problem =>
    new Problem("bad-input", { what: `${key} can't be "${redact(value)}"`, why, next });
  if (key.startsWith("input ")) return spell(readTyped(redact, environment, key.slice("input ".length), value));
  if (key === "template" && !readNamed(value)) throw bad("it must be NAME@REVISION", "changeover template list");
  const known = Object.keys((await environments.find(environment)).definition.releases);
  if (key === "release" && !known.includes(value)) {
    throw bad(`the file of "${environment}" names ${known.join(", ")}`, "add it there, then: changeover up FILE");
  }
  return value;
}

const unknownServer = (environment: string, name: string): Problem =>
  new Problem("not-found", {
    what: `no server "${name}" was cloned in "${environment}"`,
    why: "nobody wrote one down under this name",
    next: `changeover server list ${environment}`,
  });
