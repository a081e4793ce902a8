/** What people do with single servers: clone, change, try, launch, connect, relaunch, replace, retire. */
import type { Clock } from "../model/clock.ts";
import type { Inventory } from "../model/inventory.ts";
import type { Verb } from "../model/locks/verbs.ts";
import type { Plan } from "../model/plan.ts";
import { Problem } from "../model/problem.ts";
import { configurationOf } from "../model/server/configuration.ts";
import { type Change, type ServerDefinition, wantedValue, withChange } from "../model/server/definition.ts";
import { everyRecord, installOf, Layout } from "../plan/layout.ts";
import { readBlue } from "../plan/blue.ts";
import { planConnect, planDisconnect } from "../plan/strategies/server/connect.ts";
import { findServer, type Ground } from "../plan/strategies/server/ground.ts";
import { planLaunch, planTry } from "../plan/strategies/server/launch.ts";
import { type Artefacts, prepareLaunch, prepareTries } from "../plan/strategies/server/prepare.ts";
import { planRelaunch } from "../plan/strategies/server/relaunch.ts";
import { planReplace } from "../plan/strategies/server/replace.ts";
import { planRetire } from "../plan/strategies/server/retire.ts";
import {
  definitionsOf,
  insertDefinition,
  lockDefinition,
  removeDefinition,
  updateDefinition,
} from "../store/server-definitions.ts";
import type { Store } from "../store/store.ts";
import { unfinishedUpgrade } from "../store/upgrades.ts";
import { type ServersView, viewServers } from "../view/servers.ts";
import { mustHaveCredentials } from "./credentials.ts";
import type { Engine } from "./engine.ts";
import { type Environments, networkOf } from "./environments.ts";
import { mustBeAllowed } from "./locks.ts";
import { occupied } from "./requests.ts";

export interface ServerParts {
  store: Store;
  engine: Engine;
  environments: Environments;
  clock: Clock;
  /** Names of the environment's credentials. */
  credentials(environment: string): Promise<string[]>;
}

/** What is done with a server that is there, as a run of its own. */
export const serverActs = ["connect", "disconnect", "relaunch", "replace", "retire"] as const;
export type ServerAct = (typeof serverActs)[number];

export interface Servers {
  list(environment: string): Promise<ServersView>;
  /** Writes down a server like the one that is named; nothing is launched. */
  clone(environment: string, source: string, asked: { name: string | null; by: string }): Promise<ServerDefinition>;
  change(environment: string, name: string, asked: Pick<Change, "key" | "value" | "by">): Promise<ServerDefinition>;
  explain(environment: string, name: string, fact: string, why: string): Promise<ServerDefinition>;
  /** Each of these starts a run and gives its id. */
  launch(environment: string, name: string, asked: { by: string; oneByOne: boolean }): Promise<string>;
  act(environment: string, name: string, act: ServerAct, by: string): Promise<string>;
  /** Forgets one that is not launched. */
  forget(environment: string, name: string): Promise<void>;
}

export function openServers(parts: ServerParts): Servers {
  const { store, engine, environments } = parts;
  const start = (plan: Plan, by: string): Promise<string> => engine.startUpgrade(plan, { yes: true, by });
  return {
    async list(environment) {
      const { definition } = await environments.find(environment);
      const inventory = await environments.inventory(environment);
      return viewServers({ definition, inventory, definitions: await definitionsOf(store, environment) });
    },
    clone: (environment, source, asked) => clone(parts, environment, source, asked),
    change: (environment, name, asked) =>
      edit(parts, environment, name, async (definition) => {
        const { definition: file } = await environments.find(environment);
        mustBeRelease(environment, Object.keys(file.releases), asked.value);
        return withChange(definition, { ...asked, at: parts.clock.now() });
      }),
    explain: (environment, name, fact, why) =>
      edit(parts, environment, name, async (definition) => ({
        ...definition,
        explained: { ...definition.explained, [fact]: why },
      })),
    async launch(environment, name, { by, oneByOne }) {
      await mustBeAllowed(store, { environment, verb: "server-launch" });
      const ground = await groundFor(parts, environment);
      const wanted = await mustFind(store, environment, name);
      const artefacts = await pack(parts, environment, wanted);
      return start(
        oneByOne
          ? planTry(ground, prepareTries(ground, wanted, artefacts))
          : planLaunch(ground, prepareLaunch(ground, wanted, artefacts)),
        by,
      );
    },
    async act(environment, name, act, by) {
      await mustBeAllowed(store, { environment, verb: verbOf[act], servers: [name] });
      const ground = await groundFor(parts, environment);
      return start(plans[act](ground, name), by);
    },
    async forget(environment, name) {
      await mustBeAllowed(store, { environment, verb: "server-clone" });
      const { applications } = await environments.inventory(environment);
      if (applications.some(({ record }) => record.name === name)) {
        throw new Problem("refused", {
          what: `server "${name}" can't be forgotten`,
          why: "it is launched",
          next: `changeover server retire ${environment} ${name}`,
        });
      }
      if (!(await removeDefinition(store, environment, name))) throw unknown(environment, name);
    },
  };
}

const verbOf: Record<ServerAct, Verb> = {
  connect: "pool-join",
  disconnect: "pool-leave",
  relaunch: "server-relaunch",
  replace: "server-replace",
  retire: "server-retire",
};

const plans: Record<ServerAct, (ground: Ground, name: string) => Plan> = {
  connect: planConnect,
  disconnect: planDisconnect,
  replace: planReplace,
  retire: planRetire,
  relaunch: (ground, name) => planRelaunch(ground, name, (current) => asTheFileSays(ground, name, current)),
};

/** The same release with what the environment file says of it now. */
function asTheFileSays(
  { definition, inventory }: Ground,
  name: string,
  current: Parameters<typeof configurationOf>[0],
) {
  const { loadBalancers, slot, applications } = readBlue(inventory);
  const turn = applications.findIndex(({ record }) => record.name === name);
  const at = { loadBalancers: loadBalancers.map(({ record }) => record), slot, turn };
  return { ...installOf(definition, current.release, current.artefact, at), database: current.database };
}

async function groundFor({ store, environments }: ServerParts, environment: string): Promise<Ground> {
  const saved = await environments.find(environment);
  const busy = await unfinishedUpgrade(store, environment);
  if (busy) throw occupied(environment, busy);
  const inventory = await environments.inventory(environment);
  return { definition: saved.definition, network: networkOf(saved), inventory };
}

async function clone(
  { store, environments, clock }: ServerParts,
  environment: string,
  source: string,
  { name, by }: { name: string | null; by: string },
): Promise<ServerDefinition> {
  const saved = await environments.find(environment);
  await mustBeAllowed(store, { environment, verb: "server-clone" });
  const inventory = await environments.inventory(environment);
  const { record, installed } = findServer(
    { definition: saved.definition, network: networkOf(saved), inventory },
    source,
  );
  if (!installed) {
    throw new Problem("refused", {
      what: `"${source}" can't be cloned`,
      why: "nothing is installed on it, so there is nothing to be like",
      next: `changeover server list ${environment}`,
    });
  }
  const definition: ServerDefinition = {
    environment,
    name: name ?? freeName(inventory, await definitionsOf(store, environment), record.labels.group ?? "app"),
    clonedFrom: source,
    base: configurationOf(installed),
    changes: [],
    explained: {},
    createdBy: by,
    createdAt: clock.now(),
  };
  const taken = everyRecord(inventory).some((one) => one.name === definition.name);
  if (!taken && (await insertDefinition(store, definition))) return definition;
  throw new Problem("refused", {
    what: `"${source}" can't be cloned as "${definition.name}"`,
    why: "there is a server of this name already",
    next: `changeover server list ${environment}`,
  });
}

function freeName(inventory: Inventory, definitions: readonly ServerDefinition[], prefix: string): string {
  const wanted = definitions.map(({ environment, name }) => ({
    ...{ environment, name, kind: "application" as const },
    ...{ address: "", labels: {} },
  }));
  return new Layout(inventory.environment, "127.0.0", [...everyRecord(inventory), ...wanted]).freeName(prefix);
}

function edit(
  { store }: ServerParts,
  environment: string,
  name: string,
  change: (definition: ServerDefinition) => Promise<ServerDefinition>,
): Promise<ServerDefinition> {
  return store.transaction(async (db) => {
    await mustBeAllowed(db, { environment, verb: "server-clone" });
    const found = await lockDefinition(db, environment, name);
    if (!found) throw unknown(environment, name);
    const changed = await change(found);
    await updateDefinition(db, changed);
    return changed;
  });
}

async function mustFind(store: Store, environment: string, name: string): Promise<ServerDefinition> {
  const found = (await definitionsOf(store, environment)).find((one) => one.name === name);
  if (found) return found;
  throw unknown(environment, name);
}

/** Every release that a launch of it may need; credentials that they name must be there. */
async function pack(parts: ServerParts, environment: string, wanted: ServerDefinition): Promise<Artefacts> {
  const { definition } = await parts.environments.find(environment);
  const releases = [...new Set([wanted.base.release ?? "", wantedValue(wanted, "release")])];
  mustHaveCredentials(definition, releases, await parts.credentials(environment));
  const packed = releases
    .filter((release) => release !== wanted.base.release)
    .map(async (release) => [release, await parts.environments.pack(environment, release)] as const);
  return Object.fromEntries(await Promise.all(packed));
}

function mustBeRelease(environment: string, known: readonly string[], release: string): void {
  if (known.includes(release)) return;
  throw new Problem("bad-input", {
    what: `environment "${environment}" has no release "${release}"`,
    why: `its file names ${known.join(", ")}`,
    next: "add it to the file, then: changeover up FILE",
  });
}

const unknown = (environment: string, name: string): Problem =>
  new Problem("not-found", {
    what: `no server "${name}" was cloned in "${environment}"`,
    why: "nobody wrote one down under this name",
    next: `changeover server list ${environment}`,
  });
