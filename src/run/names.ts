/** What people do with names in the DNS: see where they lead, prove that they can be moved, move one. */
import { dirname, resolve } from "node:path";
import type { Clock } from "../model/clock.ts";
import { missingCredentials } from "../model/credential.ts";
import { isServerAddress, type NameRecord } from "../model/dns-name.ts";
import type { EnvironmentDefinition } from "../model/environment.ts";
import { type OwnName, ownNames, placeOfNames, placeText } from "../model/names.ts";
import type { Plan } from "../model/plan.ts";
import { Problem } from "../model/problem.ts";
import { problemData } from "../model/upgrade.ts";
import type { ServerRecord } from "../model/provider.ts";
import type { World } from "../model/world.ts";
import { readNames } from "../observe/names.ts";
import { planMoveName } from "../plan/strategies/move-name.ts";
import { ownEnvironments, type SavedEnvironment } from "../store/environments.ts";
import { rememberedNames } from "../store/name-moves.ts";
import { savePlan } from "../store/plans.ts";
import type { Store } from "../store/store.ts";
import { unfinishedUpgrade } from "../store/upgrades.ts";
import { type NamesView, viewNames } from "../view/names.ts";
import { mustBeNobodysClone } from "./clones.ts";
import type { Engine } from "./engine.ts";
import type { Environments } from "./environments.ts";
import { mustBeUnlocked } from "./locks.ts";
import { occupied } from "./requests.ts";
import { within } from "./world-use.ts";

export interface NamesDeskParts {
  store: Store;
  engine: Engine;
  environments: Environments;
  clock: Clock;
  /** For looking. */
  world(environment: string): Promise<World>;
  /** Names of the environment's credentials. */
  credentials(environment: string): Promise<string[]>;
}

export interface NameWish {
  name: string;
  /** Servers of the environment, or addresses; empty takes the name away; null leaves it where it is. */
  to: string[] | null;
  /** Who has to have it now; null: whoever has it. */
  from: string[] | null;
  /** Null: as it is; of a new name, what the environment file allows. */
  ttlSeconds: number | null;
  /** Go on until caches have forgotten the old place. */
  wait: boolean;
}

export interface NamesDesk {
  /** `prove`: also shows that they may be changed, without changing any. */
  list(environment: string, asked: { prove: boolean }): Promise<NamesView>;
  /** What moving it would do, without doing it. */
  plan(environment: string, wish: NameWish): Promise<{ hash: string; plan: Plan }>;
  /** Starts a run and gives its id. */
  move(environment: string, wish: NameWish, by: string): Promise<string>;
}

export function openNamesDesk(parts: NamesDeskParts): NamesDesk {
  return {
    list: (environment, { prove }) => list(parts, environment, prove),
    async plan(environment, wish) {
      const plan = await makePlan(parts, environment, wish);
      return { hash: await savePlan(parts.store, plan), plan };
    },
    async move(environment, wish, by) {
      await mustBeUnlocked(parts.store, environment, "changed");
      return parts.engine.startUpgrade(await makePlan(parts, environment, wish), { yes: true, by });
    },
  };
}

/** A name that leads to a front end leads to its load balancer. */
const balancersFirst = (servers: readonly ServerRecord[]): ServerRecord[] => {
  const [isBalancer, isOther] = [true, false].map((wanted) =>
    servers.filter(({ kind }) => (kind === "load-balancer") === wanted),
  );
  return [...(isBalancer ?? []), ...(isOther ?? [])];
};

async function list(parts: NamesDeskParts, environment: string, prove: boolean): Promise<NamesView> {
  const { definition } = await parts.environments.find(environment);
  const readAt = parts.clock.now();
  const seen = await within(parts.world(environment), async (world) => ({
    seen: await readNames(world, ownNames(definition)),
    servers: balancersFirst(await world.provider.list(environment)),
    place: (await world.names()).place,
    proof: prove ? await proofIn(parts, definition, world) : null,
  }));
  return viewNames({
    environment,
    readAt,
    limitSeconds: limitOf(definition),
    remembered: await rememberedNames(parts.store, environment, readAt),
    ...seen,
  });
}

async function proofIn(parts: NamesDeskParts, definition: EnvironmentDefinition, world: World) {
  try {
    await mustHaveKey(parts, definition, "names can't be changed");
    await (await world.names()).prove(ownNames(definition).map(({ name }) => name));
    return { good: true, why: null, next: null };
  } catch (error) {
    const { what, why, next } = problemData(error);
    return { good: false, why: `${what}: ${why}`, next };
  }
}

async function makePlan(parts: NamesDeskParts, environment: string, wish: NameWish): Promise<Plan> {
  const saved = await parts.environments.find(environment);
  const { definition } = saved;
  mustBeNobodysClone(saved);
  const busy = await unfinishedUpgrade(parts.store, environment);
  if (busy) throw occupied(environment, busy);
  const own = mustBeOwn(definition, wish.name);
  await mustBeNobodyElses(parts.store, saved, own);
  await mustHaveKey(parts, definition, `${own.name} can't be moved`);
  const { now, kind, servers } = await within(parts.world(environment), async (world) => {
    const names = await world.names();
    return { now: await names.read(own.name), kind: names.kind, servers: await world.provider.list(environment) };
  });
  const at = parts.clock.now();
  const untils = (await rememberedNames(parts.store, environment, at)).filter(({ name }) => name === own.name);
  const addressesOf = (named: string[]) => named.map((one) => addressOf(environment, one, servers));
  return planMoveName({
    environment,
    own,
    now,
    from: wish.from && addressesOf(wish.from),
    to: { addresses: wish.to ? addressesOf(wish.to) : now.addresses, ttlSeconds: ttlFor(definition, wish, now, kind) },
    limitSeconds: limitOf(definition),
    rememberedSeconds: Math.max(0, ...untils.map(({ until }) => Math.ceil((until - at) / 1000))),
    wait: wish.wait,
  });
}

const limitOf = ({ names }: EnvironmentDefinition): number => names?.ttlSeconds ?? 0;

function ttlFor(
  definition: EnvironmentDefinition,
  { ttlSeconds }: NameWish,
  now: NameRecord,
  kind: "dns" | "hosts-file" | "simulated",
): number {
  if (kind !== "hosts-file") return ttlSeconds ?? (now.addresses.length > 0 ? now.ttlSeconds : limitOf(definition));
  if (ttlSeconds === null) return 0;
  throw new Problem("bad-input", {
    what: `${now.name} can't be given a TTL`,
    why: "its names stand in a hosts file, and nothing remembers those",
    next: "leave --ttl out",
  });
}

function mustBeOwn(definition: EnvironmentDefinition, wished: string): OwnName {
  placeOfNames(definition);
  const all = ownNames(definition);
  const own = all.find(({ name }) => name === wished.toLowerCase().replace(/\.$/, ""));
  if (own) return own;
  throw new Problem("not-found", {
    what: `environment "${definition.environment}" has no name ${JSON.stringify(wished)}`,
    why: `its file lists ${all.map(({ name }) => name).join(", ")}`,
    next: "list it under names.public or names.test in the environment file, then: changeover up environment.yaml",
  });
}

/** A copy of an environment's file must not move what people of the original come by. */
async function mustBeNobodyElses(store: Store, saved: SavedEnvironment, { name }: OwnName): Promise<void> {
  const place = ({ definition, definitionPath }: SavedEnvironment) =>
    placeText(definition, (path) => resolve(dirname(definitionPath), path));
  const lists = ({ definition }: SavedEnvironment) => ownNames(definition).some((own) => own.name === name);
  const others = (await ownEnvironments(store)).filter((one) => one.name !== saved.name);
  const other = others.find((one) => place(one) === place(saved) && lists(one));
  if (!other) return;
  throw new Problem("refused", {
    what: `${name} can't be moved`,
    why: `environment "${other.name}" lists it, too, in the same place`,
    next: `leave it in one of the two files, ${saved.definitionPath} and ${other.definitionPath}; then: changeover up`,
  });
}

async function mustHaveKey(parts: NamesDeskParts, definition: EnvironmentDefinition, what: string): Promise<void> {
  const { environment } = definition;
  const place = placeOfNames(definition);
  if (place.kind !== "dns" || (await parts.credentials(environment)).includes(place.key.credential)) return;
  throw missingCredentials(environment, [place.key.credential], what);
}

function addressOf(environment: string, named: string, servers: readonly { name: string; address: string }[]): string {
  const address = servers.find(({ name }) => name === named)?.address ?? named;
  if (isServerAddress(address)) return address;
  throw new Problem("not-found", {
    what: `${JSON.stringify(named)} is neither a server of "${environment}" nor an IPv4 address that a server can have`,
    why: `its servers are ${servers.map(({ name }) => name).join(", ") || "none"}`,
    next: `changeover status ${environment}`,
  });
}
