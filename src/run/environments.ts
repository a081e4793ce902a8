/** What the control plane can do with an environment: save it, bring it up, look at it, plan for it, take it down. */
import { dirname, resolve } from "node:path";
import type { Database } from "../model/database.ts";
import type { EnvironmentDefinition } from "../model/environment.ts";
import { parseEnvironment } from "../model/environment-file.ts";
import type { Inventory } from "../model/inventory.ts";
import { canonical, type Plan } from "../model/plan.ts";
import { Problem } from "../model/problem.ts";
import { LOCKED, type Provider, type ServerRecord } from "../model/provider.ts";
import type { World } from "../model/world.ts";
import { readInventory } from "../observe/inventory.ts";
import { readBlue } from "../plan/blue.ts";
import { planBringUp } from "../plan/strategies/bring-up.ts";
import { planMajor } from "../plan/strategies/major/major.ts";
import type { Artefacts } from "../store/artefacts.ts";
import { findEnvironment, forgetEnvironment, type SavedEnvironment, saveEnvironment } from "../store/environments.ts";
import { savePlan } from "../store/plans.ts";
import type { Store } from "../store/store.ts";
import { unfinishedUpgrade } from "../store/upgrades.ts";
import { makeClone, mustBeClone, mustBeNobodysClone } from "./clones.ts";
import { mustHaveFolders, mustHaveScripts, readPage } from "./files.ts";
import { mustNotLend, occupied } from "./requests.ts";

export interface EnvironmentParts {
  store: Store;
  artefacts: Artefacts;
  /** Read-only use: what reads the world needs no newer token. */
  world(environment: string): Promise<World>;
  /** Under a token that is newer than any upgrade's. */
  worldToChange(environment: string): Promise<World>;
  /** The first three octets of a network of its own, "127.31.7". */
  chooseNetwork(environment: string): Promise<string>;
  /** Drops the environment's secrets. */
  forget(environment: string): void;
}

export interface Environments {
  /** Checks and saves the file; gives the plan that brings it up, or null when it is up already. */
  save(text: string, path: string): Promise<{ name: string; plan: Plan | null }>;
  find(name: string): Promise<SavedEnvironment>;
  inventory(name: string): Promise<Inventory>;
  planUpgrade(name: string, to: string, failAt: string | null): Promise<{ hash: string; plan: Plan }>;
  /** Saves a clone of the environment and gives the plan that brings it up. */
  clone(name: string, clone: string): Promise<Plan>;
  /** What the application's tables take on the primary that serves. */
  databaseBytes(name: string): Promise<number>;
  /** Retires every server, then forgets the environment. */
  takeDown(name: string): Promise<number>;
  /** Keys that the ledger's SQL finds on the primary that serves. */
  ledgerKeys(name: string): Promise<string[]>;
}

export function openEnvironments(parts: EnvironmentParts): Environments {
  const find = async (name: string): Promise<SavedEnvironment> => {
    const saved = await findEnvironment(parts.store, name);
    if (saved) return saved;
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
    async save(text, path) {
      const definition = parseEnvironment(text, path);
      const known = await findEnvironment(parts.store, definition.environment);
      if (known) mustBeNobodysClone(known);
      const up = known !== null && (await within(parts.world(definition.environment), isUp));
      if (known && up) await mustFit(parts.store, known.definition, definition);
      const network = known ? networkOf(known) : await parts.chooseNetwork(definition.environment);
      mustHaveFolders(definition, path);
      const page = readPage(definition, path);
      const hash = await packRelease(parts.artefacts, definition, definition.release, path);
      await saveEnvironment(parts.store, {
        name: definition.environment,
        definition,
        definitionPath: path,
        network: { prefix: network },
      });
      if (up) return { name: definition.environment, plan: null };
      const plan = planBringUp({ definition, network, page, artefacts: { [definition.release]: hash } });
      await savePlan(parts.store, plan);
      return { name: definition.environment, plan };
    },
    async planUpgrade(name, to, failAt) {
      const { definition, definitionPath, ...saved } = await find(name);
      // First, because an upgrade in flight makes every other guard fail, too.
      const busy = await unfinishedUpgrade(parts.store, name);
      if (busy) throw occupied(name, busy);
      await mustNotLend(parts.store, name);
      const seen = await inventory(name);
      const artefacts = definition.releases[to]
        ? { [to]: await packRelease(parts.artefacts, definition, to, definitionPath) }
        : {};
      const plan = planMajor({ definition, network: networkOf(saved), inventory: seen, to, artefacts, failAt });
      mustHaveStep(plan, failAt);
      return { hash: await savePlan(parts.store, plan), plan };
    },
    async clone(name, clone) {
      const origin = await find(name);
      const known = await findEnvironment(parts.store, clone);
      mustBeClone(known, name);
      const network = known ? networkOf(known) : await parts.chooseNetwork(clone);
      const { saved, plan } = makeClone({ origin, seen: await inventory(name), clone, network });
      await saveEnvironment(parts.store, saved);
      return plan;
    },
    databaseBytes: async (name) => onPrimary(name, (database) => database.bytes()),
    async takeDown(name) {
      const retired = await within(parts.worldToChange((await find(name)).name), retireAll);
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

/** A world holds connections: it is closed when it was used. */
async function within<T>(opening: Promise<World>, use: (world: World) => Promise<T>): Promise<T> {
  const world = await opening;
  try {
    return await use(world);
  } finally {
    await world.provider.close();
  }
}

const isUp = async ({ provider, environment }: World): Promise<boolean> =>
  (await provider.list(environment)).length > 0;

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
async function mustFit(store: Store, old: EnvironmentDefinition, wanted: EnvironmentDefinition): Promise<void> {
  const busy = await unfinishedUpgrade(store, old.environment);
  if (busy) throw occupied(old.environment, busy);
  const fixed = ({ provider, hosts, port, loadBalancers, application, database, ...rest }: EnvironmentDefinition) => {
    const { workers: _, ...sizes } = application;
    const { maintenance, checks } = rest;
    const all = { provider, hosts, port, loadBalancers, application: sizes, database, maintenance };
    return { ...all, "checks.health": checks.health };
  };
  const [before, after] = [fixed(old), fixed(wanted)];
  const changed = (Object.keys(before) as (keyof typeof before)[]).filter(
    (key) => canonical(before[key]) !== canonical(after[key]),
  );
  if (changed.length === 0) return;
  throw new Problem("refused", {
    what: `"${old.environment}" is up and can't change ${changed.join(", ")}`,
    why: "its servers were made with what the file said then",
    next: "put these back; or, without its data: changeover down, then up",
  });
}

const networkOf = (saved: Pick<SavedEnvironment, "network">): string => String(saved.network.prefix);

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
