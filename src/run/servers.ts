/** What people do with single servers: look at them, and launch, try, connect, relaunch, replace or retire one as a run of its own. */
import type { Verb } from "../model/locks/verbs.ts";
import type { Plan } from "../model/plan.ts";
import {
  type Change,
  changedValue,
  inputChanges,
  releaseOf,
  type ServerDefinition,
} from "../model/server/definition.ts";
import type { ServerRecord } from "../model/provider.ts";
import { readNamed } from "../model/template/reference.ts";
import { readInventory } from "../observe/inventory.ts";
import type { Boot } from "../plan/boot.ts";
import { installOf } from "../plan/layout.ts";
import { readBlue } from "../plan/blue.ts";
import { planConnect, planDisconnect } from "../plan/strategies/server/connect.ts";
import type { Ground } from "../plan/strategies/server/ground.ts";
import { planLaunch, planTry } from "../plan/strategies/server/launch.ts";
import type { Launching } from "../plan/strategies/server/launching.ts";
import { prepareLaunch, prepareTries, type Wanted } from "../plan/strategies/server/prepare.ts";
import { planRelaunch } from "../plan/strategies/server/relaunch.ts";
import { planReplace } from "../plan/strategies/server/replace.ts";
import { planRetire } from "../plan/strategies/server/retire.ts";
import { definitionsOf } from "../store/server-definitions.ts";
import { unfinishedUpgrade } from "../store/upgrades.ts";
import { type ServersView, viewServers } from "../view/servers.ts";
import { bootsIn } from "./boots.ts";
import { mustHaveCredentials } from "./credentials.ts";
import type { Engine } from "./engine.ts";
import { networkOf } from "./addressing.ts";
import type { Environments } from "./environments.ts";
import type { InputParts, ServerDefinitions } from "./input-ground.ts";
import { inputsForLaunch } from "./launch-inputs.ts";
import type { Launches } from "./launches.ts";
import { mustBeAllowed } from "./locks.ts";
import { occupied } from "./requests.ts";
import {
  changeServer,
  cloneServer,
  type DefinitionParts,
  explainServer,
  forgetServer,
  mustFindDefinition,
} from "./server-definitions.ts";
import type { Library } from "./template-library.ts";
import { discreetly, readTyped } from "./input-secrets.ts";

export interface ServerParts extends DefinitionParts {
  engine: Engine;
  environments: Environments;
  launches: Launches;
  inputs: InputParts;
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
  explain(environment: string, name: string, asked: { fact: string; why: string }): Promise<ServerDefinition>;
  /** Forgets one that is not launched. */
  forget(environment: string, name: string): Promise<void>;
  /** Each of these starts a run and gives its id. */
  launch(environment: string, name: string, asked: LaunchWish): Promise<string>;
  act(environment: string, name: string, act: ServerAct, by: string): Promise<string>;
}

export interface LaunchWish {
  by: string;
  /** After each change, so that the one that breaks the launch is known. */
  oneByOne: boolean;
  /** Values as typed; empty for none. */
  given: Record<string, string>;
  /** They are lent to the server from now on, and why and for how long; null: they count for this launch only. */
  save: { why: string; hours: number | null } | null;
}

export function openServers(parts: ServerParts): Servers {
  const { store, engine } = parts;
  const start = (plan: Plan, by: string): Promise<string> => engine.startUpgrade(plan, { yes: true, by });
  return {
    async list(environment) {
      const ground = await readGround(parts, environment);
      const definitions = await definitionsOf(store, environment);
      return discreetly(viewServers({ ...ground, definitions }), parts.redact);
    },
    clone: async (environment, source, asked) =>
      cloneServer(parts, await readGround(parts, environment), source, asked),
    change: (environment, name, asked) => changeServer(parts, environment, name, asked),
    explain: (environment, name, asked) => explainServer(parts, environment, name, asked),
    forget: (environment, name) => forgetServer(parts, environment, name),
    async launch(environment, name, { by, oneByOne, given, save }) {
      await mustBeAllowed(store, { environment, verb: "server-launch" });
      const ground = await groundToChange(parts, environment);
      const definition = await mustFindDefinition(store, environment, name);
      await takeInputs(parts, definition, { by, given, save });
      const wanted = await readWanted(parts, ground, definition, save ? {} : given);
      const plan = oneByOne
        ? planTry(ground, prepareTries(ground, definition, wanted))
        : planLaunch(ground, prepareLaunch(ground, definition, wanted));
      return start(plan, by);
    },
    async act(environment, name, act, by) {
      await mustBeAllowed(store, { environment, verb: verbOf[act], servers: [name] });
      const ground = await groundToChange(parts, environment);
      if (act !== "relaunch") return start(plans[act](ground, name), by);
      const boot = await bootAnew(parts, ground, name);
      return start(
        planRelaunch(ground, name, (current) => ({ install: asTheFileSays(ground, name, current), boot })),
        by,
      );
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

const plans: Record<Exclude<ServerAct, "relaunch">, (ground: Ground, name: string) => Plan> = {
  connect: planConnect,
  disconnect: planDisconnect,
  replace: planReplace,
  retire: planRetire,
};

async function readGround({ environments }: ServerParts, environment: string): Promise<Ground> {
  const saved = await environments.find(environment);
  const seen = await environments.look(environment, async (world) => ({
    inventory: await readInventory(world),
    boots: await bootsIn(world),
  }));
  return { definition: saved.definition, network: networkOf(saved, seen.inventory), ...seen };
}

async function groundToChange(parts: ServerParts, environment: string): Promise<Ground> {
  const busy = await unfinishedUpgrade(parts.store, environment);
  if (busy) throw occupied(environment, busy);
  return readGround(parts, environment);
}

/** The same release with what the environment file says of it now. */
function asTheFileSays({ definition, inventory }: Ground, name: string, { install }: Pick<Launching, "install">) {
  const { loadBalancers, slot, applications } = readBlue(inventory);
  const turn = applications.findIndex(({ record }) => record.name === name);
  const at = { loadBalancers: loadBalancers.map(({ record }) => record), slot, turn };
  return { ...installOf(definition, install.release, install.artefact, at), database: install.database };
}

async function bootAnew(parts: ServerParts, { definition, inventory }: Ground, name: string): Promise<Boot | null> {
  const record = inventory.applications.find((one) => one.record.name === name)?.record;
  const { definitionPath } = await parts.environments.find(definition.environment);
  const own = (await definitionsOf(parts.store, definition.environment)).find((one) => one.name === name);
  const of = await parts.launches.bootOf(definition, definitionPath, own ? optionsOf(parts, own) : {});
  return (record && of?.(record)) ?? null;
}

/** Refused by name when the server could not be launched with them; only then they are lent, where they are to be. */
async function takeInputs(
  { inputs, redact }: ServerParts,
  { environment, name }: ServerDefinition,
  { by, given, save }: Pick<LaunchWish, "by" | "given" | "save">,
): Promise<void> {
  const values = Object.fromEntries(
    Object.entries(given).map(([input, text]) => [input, readTyped(redact, environment, input, text)]),
  );
  if (Object.keys(values).length === 0) return;
  const lent = save ? { keep: "save" as const, ...save } : { keep: "once" as const, why: "", hours: null };
  await inputsForLaunch(inputs, environment, { server: name, values, by, ...lent });
}

/** Looked up once for each number of changes, before anything is planned. */
async function readWanted(
  parts: ServerParts,
  { definition: file }: Ground,
  definition: ServerDefinition,
  once: Record<string, string>,
): Promise<Wanted> {
  const { environment } = definition;
  const { definitionPath } = await parts.environments.find(environment);
  const counts = definition.changes.map((_, at) => at).concat(definition.changes.length);
  const releases = counts.map((count) => releaseOf(definition, count));
  mustHaveCredentials(file, [...new Set(releases)], await parts.credentials(environment));
  const packed = new Map<string, string>();
  for (const release of new Set(releases)) {
    if (release !== definition.base.release) packed.set(release, await parts.environments.pack(environment, release));
  }
  const boots = await Promise.all(
    counts.map((count) => parts.launches.bootOf(file, definitionPath, optionsOf(parts, definition, count, once))),
  );
  return {
    artefact: (count) => packed.get(releases[count] ?? "") ?? null,
    boot: (record: ServerRecord, count) => boots[count]?.(record) ?? null,
  };
}

function optionsOf(
  { redact }: ServerParts,
  definition: ServerDefinition,
  count = definition.changes.length,
  once: Record<string, string> = {},
) {
  const { environment } = definition;
  const typed = { ...inputChanges(definition, count), ...once };
  const [template, image, size] = (["template", "image", "size"] as const).map((key) =>
    changedValue(definition, key, count),
  );
  return {
    instead: { ...(template ? { template } : {}), ...(image ? { image } : {}), ...(size ? { size } : {}) },
    once: Object.fromEntries(
      Object.entries(typed).map(([name, text]) => [name, readTyped(redact, environment, name, text)]),
    ),
  };
}

/** For whoever explains inputs: what cloned servers would be launched from. */
export const definedServers = ({
  store,
  environments,
  library,
}: Pick<ServerParts, "store" | "environments"> & {
  library: Library;
}): ServerDefinitions => ({
  async of(environment) {
    const { definition } = await environments.find(environment);
    const known = (await definitionsOf(store, environment)).map(async (one) => {
      const named = readNamed(changedValue(one, "template") ?? definition.application.template ?? "");
      if (!named) return [];
      const { ref } = await library.find(named);
      return [{ server: one.name, group: null, template: ref }];
    });
    return (await Promise.all(known)).flat();
  },
});
