/** What the control plane can do with an environment: save it, bring it up, look at it, plan for it, take it down. */
import { dirname, resolve } from "node:path";
import { announce, startIn } from "../model/announcement.ts";
import type { Database } from "../model/database.ts";
import type { Difference } from "../model/difference.ts";
import type { Drift } from "../model/drift.ts";
import { type EnvironmentDefinition, environmentSchema } from "../model/environment.ts";
import { parseEnvironment } from "../model/environment-file.ts";
import type { GuardResult } from "../model/guard.ts";
import type { Inventory } from "../model/inventory.ts";
import type { Lock } from "../model/lock.ts";
import { hostsOf } from "../model/network.ts";
import { canonical, type Plan } from "../model/plan.ts";
import { Problem } from "../model/problem.ts";
import { incomplete, LOCKED, type Provider, type ServerRecord } from "../model/provider.ts";
import type { World } from "../model/world.ts";
import { keptServers } from "../observe/drift.ts";
import { readInventory } from "../observe/inventory.ts";
import { readBlue } from "../plan/blue.ts";
import { planUpgrade } from "../plan/plan-upgrade.ts";
import { planBringUp } from "../plan/strategies/bring-up.ts";
import type { Artefacts } from "../store/artefacts.ts";
import { findEnvironment, forgetEnvironment, type SavedEnvironment, saveEnvironment } from "../store/environments.ts";
import { findLock } from "../store/locks.ts";
import { carriedOut } from "../store/past.ts";
import { savePlan } from "../store/plans.ts";
import type { Store } from "../store/store.ts";
import { unfinishedUpgrade } from "../store/upgrades.ts";
import { mustHoldNone, releaseAll } from "./addresses.ts";
import { type Addressing, firstNetwork, keptOf, mustBeFree, networkOf } from "./addressing.ts";
import { readCircumstances, readDrift } from "./circumstances.ts";
import { atAnyHour, makeClone, mustBeClone, mustBeNobodysClone } from "./clones.ts";
import { mustHaveCredentials } from "./credentials.ts";
import { mustHaveFolders, mustHaveScripts, readPage } from "./files.ts";
import { lockEnvironment, mustBeUnlocked, unlockEnvironment } from "./locks.ts";
import { mustNotLend, occupied } from "./requests.ts";
import { within } from "./world-use.ts";

export interface EnvironmentParts extends Addressing {
  store: Store;
  artefacts: Artefacts;
  /** Read-only use: what reads the world needs no newer token. */
  world(environment: string): Promise<World>;
  /** Under a token that is newer than any upgrade's. */
  worldToChange(environment: string): Promise<World>;
  /** Names of the environment's credentials. */
  credentials(environment: string): Promise<string[]>;
  /** Drops the environment's secrets and credentials. */
  forget(environment: string): void;
}

export interface UpgradeWish {
  to: string;
  failAt: string | null;
  /** When the window is to begin, with its zone; null for as soon as all is prepared. */
  at: string | null;
  /** Only to be rehearsed: neither the hour nor what staging has accepted matters. */
  rehearsal: boolean;
}

export interface Planned {
  hash: string;
  plan: Plan;
  guards: GuardResult[];
  /** Between the release that serves and the one that is to serve. */
  differences: Difference[];
  /** What is to be told to people; null when the environment file has no text for it. */
  announcement: string | null;
}

export interface DriftSeen {
  environment: string;
  readAt: number;
  drift: Drift[];
  /** Kept on purpose, so no drift. */
  kept: { name: string; why: string }[];
  /** The unfinished upgrade, whose doing it may be. */
  upgrade: string | null;
}

export interface Environments {
  /** Checks and saves the file; gives the plan that brings it up, or null when it is up already. */
  save(text: string, path: string): Promise<{ name: string; plan: Plan | null }>;
  find(name: string): Promise<SavedEnvironment>;
  inventory(name: string): Promise<Inventory>;
  /** Refused when a guard refuses; what warns is told with the plan. */
  planUpgrade(name: string, wish: UpgradeWish): Promise<Planned>;
  drift(name: string): Promise<DriftSeen>;
  lock(name: string, by: string, reason: string): Promise<Lock>;
  /** Gives the lock that was taken away. */
  unlock(name: string): Promise<Lock>;
  findLock(name: string): Promise<Lock | null>;
  /** Saves a clone of the environment and gives the plan that brings it up. */
  clone(name: string, clone: string): Promise<Plan>;
  /** What the application's tables take on the primary that serves. */
  databaseBytes(name: string): Promise<number>;
  /** Retires every server, then forgets the environment. */
  takeDown(name: string): Promise<number>;
  /** Keys that the ledger's SQL finds on the primary that serves. */
  ledgerKeys(name: string): Promise<string[]>;
  /** In the world of an environment that is only looked at. */
  look<T>(name: string, use: (world: World) => Promise<T>): Promise<T>;
}

export function openEnvironments(parts: EnvironmentParts): Environments {
  const find = async (name: string): Promise<SavedEnvironment> => {
    const saved = await findEnvironment(parts.store, name);
    if (saved) return { ...saved, definition: withDefaults(saved.definition) };
    throw new Problem("not-found", {
      what: `there is no environment "${name}"`,
      why: "nobody brought it up here",
      next: "changeover up environment.yaml",
    });
  };
  const inventory = (name: string) => within(parts.world(name), readInventory);
  const onPrimary = async <T>(name: string, ask: (database: Database) => Promise<T>): Promise<T> => {
    const primary = readBlue(await inventory(name)).primary.record.name;
    return within(parts.world(name), async (world) => ask(await world.database(primary)));
  };
  return {
    find,
    inventory,
    look: (name, use) => within(parts.world(name), use),
    save: (text, path) => save(parts, text, path),
    planUpgrade: async (name, wish) => planFor(parts, await find(name), wish),
    async drift(name) {
      const saved = await find(name);
      const seen = await inventory(name);
      const past = await carriedOut(parts.store, name);
      const upgrade = (await unfinishedUpgrade(parts.store, name))?.id ?? null;
      const drift = readDrift(saved, past, seen);
      return { environment: name, readAt: seen.readAt, drift, kept: keptServers(seen), upgrade };
    },
    lock: async (name, by, reason) => lockEnvironment(parts.store, (await find(name)).name, by, reason),
    unlock: async (name) => unlockEnvironment(parts.store, (await find(name)).name),
    findLock: (name) => findLock(parts.store, name),
    async clone(name, clone) {
      const origin = await find(name);
      const known = await findEnvironment(parts.store, clone);
      mustBeClone(known, name);
      const seen = await inventory(name);
      const wanted = { ...origin.definition, environment: clone };
      const network = await firstNetwork(parts, { definition: wanted, path: origin.definitionPath, known });
      const { saved, plan } = makeClone({ origin, seen, clone, network });
      await saveEnvironment(parts.store, saved);
      return plan;
    },
    databaseBytes: async (name) => onPrimary(name, (database) => database.bytes()),
    async takeDown(name) {
      await mustBeUnlocked(parts.store, (await find(name)).name, "taken down");
      const { definition } = await find(name);
      const retired = await within(parts.worldToChange(name), async (world) => {
        await releaseAll(world, definition);
        return retireAll(world);
      });
      // The row goes last: while it is there, somebody can take the rest down.
      parts.forget(name);
      await forgetEnvironment(parts.store, name);
      return retired;
    },
    async ledgerKeys(name) {
      const { definition } = await find(name);
      if (!definition.ledger) throw noLedger(name);
      const { find: sql } = definition.ledger;
      return onPrimary(name, (database) => database.readColumn(sql));
    },
  };
}

async function save(parts: EnvironmentParts, text: string, path: string): ReturnType<Environments["save"]> {
  const definition = parseEnvironment(text, path);
  const known = await findEnvironment(parts.store, definition.environment);
  if (known) mustBeNobodysClone(known);
  const up = known !== null && (await within(parts.world(definition.environment), isUp));
  if (known && !(up && canonical(withDefaults(known.definition)) === canonical(definition)))
    await mustBeUnlocked(parts.store, known.name, "changed");
  if (known && up) await mustFit(parts, known.definition, definition);
  mustHaveFolders(definition, path);
  if (!up) mustHaveCredentials(definition, [definition.release], await parts.credentials(definition.environment));
  const page = readPage(definition, path);
  const hash = await packRelease(parts.artefacts, definition, definition.release, path);
  const saved = { name: definition.environment, definition, definitionPath: path };
  if (known && up) {
    await saveEnvironment(parts.store, { ...saved, network: known.network });
    return { name: definition.environment, plan: null };
  }
  const network = await firstNetwork(parts, { definition, path, known });
  await saveEnvironment(parts.store, { ...saved, network: keptOf(network) });
  const plan = planBringUp({ definition, network, page, artefacts: { [definition.release]: hash } });
  await savePlan(parts.store, plan);
  return { name: definition.environment, plan };
}

async function planFor(parts: EnvironmentParts, found: SavedEnvironment, { to, failAt, at, rehearsal }: UpgradeWish) {
  const saved = rehearsal ? { ...found, definition: atAnyHour(found.definition) } : found;
  const { definition, definitionPath, name } = saved;
  // First and alone, because an upgrade in flight makes every other guard fail, too.
  const busy = await unfinishedUpgrade(parts.store, name);
  if (busy) throw occupied(name, busy);
  await mustNotLend(parts.store, name);
  const artefact = definition.releases[to] ? await packRelease(parts.artefacts, definition, to, definitionPath) : null;
  const begins = at === null ? null : Date.parse(at);
  const [inventory, circumstances] = await within(parts.world(name), async (world) => {
    const seen = await readInventory(world);
    // Green runs the old release first, to be tested apart from the new one.
    mustHaveCredentials(definition, [...installedIn(seen), to], await parts.credentials(name));
    const looking = {
      store: parts.store,
      world,
      saved,
      inventory: seen,
      blue: readBlue(seen),
      to,
      at: begins,
      artefact,
    };
    return [seen, await readCircumstances(looking)];
  });
  const artefacts = artefact === null ? {} : { [to]: artefact };
  const network = networkOf(saved, inventory);
  const input = { definition, network, inventory, to, artefacts, failAt, at };
  const { plan, guards, differences } = planUpgrade(input, circumstances);
  mustHaveStep(plan, failAt);
  const start = begins ?? circumstances.now;
  return {
    hash: await savePlan(parts.store, plan),
    plan,
    guards,
    differences,
    announcement: announcementOf(definition, plan, start),
  };
}

function announcementOf(definition: EnvironmentDefinition, { from, to }: Plan, start: number): string | null {
  if (definition.announcement === undefined) return null;
  return announce(definition.announcement, {
    environment: definition.environment,
    from,
    to,
    start: startIn(definition.windows[0]?.zone ?? "UTC", start),
    minutes: String(definition.policy.announcedMinutes),
  });
}

/** What was saved by an earlier release of Changeover lacks keys that came since. */
function withDefaults(definition: EnvironmentDefinition): EnvironmentDefinition {
  const read = environmentSchema.safeParse(definition);
  return read.success ? read.data : definition;
}

/** One server that is seen is enough; none is only certain when every host has said so. */
async function isUp({ provider, environment }: World): Promise<boolean> {
  const { records, silent } = await provider.survey(environment);
  if (records.length === 0 && silent.length > 0) throw incomplete(environment, silent);
  return records.length > 0;
}

async function retireAll({ provider, environment }: World): Promise<number> {
  const records = await provider.list(environment);
  await Promise.all(records.map((record) => retireThough(provider, record)));
  return records.length;
}

/** The upgrade that locked it is over, or stuck for good: its lock goes with it. */
export async function retireThough(provider: Provider, { environment, name, labels }: ServerRecord): Promise<void> {
  const { [LOCKED]: lock, ...rest } = labels;
  if (lock !== undefined) await provider.relabel(environment, name, rest);
  await provider.retire(environment, name);
}

/** What servers were made with can't change under them, and nothing changes while an upgrade is on its way. */
async function mustFit(
  parts: Pick<EnvironmentParts, "store" | "world">,
  old: EnvironmentDefinition,
  wanted: EnvironmentDefinition,
): Promise<void> {
  const busy = await unfinishedUpgrade(parts.store, old.environment);
  if (busy) throw occupied(old.environment, busy);
  const fixed = ({ provider, hosts, port, loadBalancers, application, database, ...rest }: EnvironmentDefinition) => {
    const { workers: _, ...sizes } = application;
    const { maintenance, checks } = rest;
    const place = hostsOf({ provider }) === null ? provider : { ...provider, hosts: [] };
    const all = { provider: place, hosts, port, loadBalancers, application: sizes, database, maintenance };
    return { ...all, "checks.health": checks.health };
  };
  const [before, after] = [fixed(old), fixed(wanted)];
  const changed = (Object.keys(before) as (keyof typeof before)[]).filter(
    (key) => canonical(before[key]) !== canonical(after[key]),
  );
  if (changed.length === 0) {
    const gone = (hostsOf(old) ?? []).filter((host) => !hostsOf(wanted)?.includes(host));
    return within(parts.world(old.environment), async (world) => {
      if (gone.length > 0) mustBeFree(world.environment, gone, await world.provider.survey(world.environment));
      await mustHoldNone(world, old, wanted);
    });
  }
  throw new Problem("refused", {
    what: `"${old.environment}" is up and can't change ${changed.join(", ")}`,
    why: "its servers were made with what the file said then",
    next: "put these back; or, without its data: changeover down, then up",
  });
}

const installedIn = ({ applications }: Inventory): string[] => [
  ...new Set(applications.flatMap(({ installed }) => installed?.release ?? [])),
];

async function packRelease(artefacts: Artefacts, definition: EnvironmentDefinition, release: string, path: string) {
  const wanted = definition.releases[release];
  if (!wanted) throw new Error(`no release "${release}"`);
  const hash = await artefacts.pack(resolve(dirname(path), wanted.artefact), wanted.build);
  mustHaveScripts(definition, release, path);
  return hash;
}

function mustHaveStep(plan: Plan, failAt: string | null): void {
  const all = plan.stages.flatMap(({ steps }) => steps.map(({ step }) => step));
  // From there on there is no way back that could be rehearsed.
  const names = all.slice(0, all.indexOf("reopen"));
  if (failAt === null || names.includes(failAt)) return;
  throw new Problem("bad-input", {
    what: `there is no step "${failAt}" to fail at`,
    why: `before reopening the plan has: ${[...new Set(names)].join(", ")}`,
    next: "name one of them with --fail-at",
  });
}

export const noLedger = (name: string): Problem =>
  new Problem("bad-input", {
    what: `environment "${name}" has no ledger`,
    why: "its file has no `ledger` section, so nobody knows what a write looks like",
    next: "add it (docs/environment-file.md), then: changeover up environment.yaml",
  });
