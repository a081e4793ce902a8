/** What the control plane can do with an environment: save it, bring it up, look at it, plan for it, take it down. */
import type { Database } from "../model/database.ts";
import type { Drift } from "../model/drift.ts";
import { type EnvironmentDefinition, environmentSchema } from "../model/environment.ts";
import { parseEnvironment } from "../model/environment-file.ts";
import type { Inventory } from "../model/inventory.ts";
import { hostsOf } from "../model/network.ts";
import { canonical, type Plan } from "../model/plan.ts";
import { Problem } from "../model/problem.ts";
import { incomplete } from "../model/provider.ts";
import type { World } from "../model/world.ts";
import { keptServers } from "../observe/drift.ts";
import { readInventory } from "../observe/inventory.ts";
import { readBlue } from "../plan/blue.ts";
import { planBringUp } from "../plan/strategies/bring-up.ts";
import { planFromBackup } from "../plan/strategies/from-backup.ts";
import type { Artefacts } from "../store/artefacts.ts";
import {
  findEnvironment,
  forgetEnvironment,
  lockTogether,
  type SavedEnvironment,
  saveEnvironment,
} from "../store/environments.ts";
import { forgetGroup } from "../store/groups.ts";
import { carriedOut } from "../store/past.ts";
import { savePlan } from "../store/plans.ts";
import type { Db, Store } from "../store/store.ts";
import { unfinishedUpgrade } from "../store/upgrades.ts";
import { mustHoldNone, releaseAll } from "./addresses.ts";
import { type Addressing, firstNetwork, keptOf, mustBeFree } from "./addressing.ts";
import { groupSizeOf, readDrift } from "./circumstances.ts";
import { likeServers, makeClone, mustBeClone, mustBeNobodysClone } from "./clones.ts";
import { mustHaveAlertCredentials, mustHaveCredentials } from "./credentials.ts";
import { chooseData, type DataWish } from "./from-backup.ts";
import { mustHaveFolders, packRelease, readPage } from "./files.ts";
import { mustTakeGroup } from "./group-change.ts";
import { type Belongings, mustBeApart, neighboursOf, readFiles } from "./isolation.ts";
import type { Launches } from "./launches.ts";
import { mustBeAllowed } from "./locks.ts";
import { occupied } from "./requests.ts";
import { retireAll, type TakenDown } from "./take-down.ts";
import { type Planned, planFor, type UpgradeWish } from "./upgrade-plans.ts";
import { within } from "./world-use.ts";

export interface EnvironmentParts extends Addressing {
  store: Store;
  artefacts: Artefacts;
  /** Read-only use: what reads the world needs no newer token. */
  world(environment: string): Promise<World>;
  /** Under a token that is newer than any upgrade's. */
  worldToChange(environment: string): Promise<World>;
  launches: Launches;
  /** Names of the environment's credentials. */
  credentials(environment: string): Promise<string[]>;
  /** Drops the environment's secrets and credentials. */
  forget(environment: string): void;
  /** What environments are compared by, so that none shares with another what it must not. */
  belongings: Belongings;
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
  /** Checks and saves the file; gives the plan that brings it up, or null when it is up already, and what to be aware of. */
  save(
    text: string,
    path: string,
    dataFrom?: DataWish | null,
  ): Promise<{ name: string; plan: Plan | null; warnings: string[] }>;
  find(name: string): Promise<SavedEnvironment>;
  inventory(name: string): Promise<Inventory>;
  /** Refused when a guard refuses; what warns is told with the plan. */
  planUpgrade(name: string, wish: UpgradeWish): Promise<Planned>;
  drift(name: string): Promise<DriftSeen>;
  /** Saves a clone of the environment and gives the plan that brings it up. */
  clone(name: string, clone: string): Promise<Plan>;
  /** What the application's tables take on the primary that serves. */
  databaseBytes(name: string): Promise<number>;
  /** Content hash of a release's artefact, built and packed as it is now. */
  pack(name: string, release: string): Promise<string>;
  /** Retires every server, then forgets the environment. */
  takeDown(name: string): Promise<TakenDown>;
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
    save: (text, path, dataFrom = null) => save(parts, find, { text, path, dataFrom }),
    planUpgrade: async (name, wish) => planFor(parts, await find(name), wish),
    async drift(name) {
      const saved = await find(name);
      const seen = await inventory(name);
      const past = await carriedOut(parts.store, name);
      const upgrade = (await unfinishedUpgrade(parts.store, name))?.id ?? null;
      const drift = readDrift(saved, past, await groupSizeOf(parts.store, name), seen);
      return { environment: name, readAt: seen.readAt, drift, kept: keptServers(seen), upgrade };
    },
    async clone(name, clone) {
      const origin = await find(name);
      const known = await findEnvironment(parts.store, clone);
      mustBeClone(known, name);
      const seen = await inventory(name);
      const definition = likeServers(origin.definition, seen);
      const wanted = { ...definition, environment: clone };
      const network = await firstNetwork(parts, { definition: wanted, path: origin.definitionPath, known });
      const boot = await parts.launches.bootOf(definition, origin.definitionPath, { inputsOf: name });
      const { saved, plan } = makeClone({ origin, seen, clone, network, boot });
      await saveEnvironment(parts.store, saved);
      return plan;
    },
    async pack(name, release) {
      const { definition, definitionPath } = await find(name);
      return packRelease(parts.artefacts, definition, release, definitionPath);
    },
    databaseBytes: async (name) => onPrimary(name, (database) => database.bytes()),
    async takeDown(name) {
      const { definition } = await find(name);
      await mustBeAllowed(parts.store, { environment: name, verb: "down" });
      const taken = await within(parts.worldToChange(name), async (world) => {
        await releaseAll(world, definition);
        return retireAll(world);
      });
      // The row goes last: while it is there, somebody can take the rest down.
      parts.forget(name);
      await forgetEnvironment(parts.store, name);
      return taken;
    },
    async ledgerKeys(name) {
      const { definition } = await find(name);
      if (!definition.ledger) throw noLedger(name);
      const { find: sql } = definition.ledger;
      return onPrimary(name, (database) => database.readColumn(sql));
    },
  };
}

async function save(
  parts: EnvironmentParts,
  find: Environments["find"],
  { text, path, dataFrom }: { text: string; path: string; dataFrom: DataWish | null },
): ReturnType<Environments["save"]> {
  const definition = parseEnvironment(text, path);
  const known = await findEnvironment(parts.store, definition.environment);
  if (known) mustBeNobodysClone(known);
  const up = known !== null && (await within(parts.world(definition.environment), isUp));
  if (known && !(up && canonical(withDefaults(known.definition)) === canonical(definition)))
    await mustBeAllowed(parts.store, { environment: known.name, verb: "up" });
  if (known && up) await mustFit(parts, known.definition, definition);
  const goes = known && up ? await mustTakeGroup(parts, known, { definition }) : null;
  mustHaveFolders(definition, path);
  const credentials = await parts.credentials(definition.environment);
  if (!up) mustHaveCredentials(definition, [definition.release], credentials);
  mustHaveAlertCredentials(definition, credentials);
  const source = dataFrom && (await findData(parts, find, { definition, dataFrom, up }));
  const page = readPage(definition, path);
  const network = known && up ? null : await firstNetwork(parts, { definition, path, known });
  const saved = {
    ...{ name: definition.environment, definition, definitionPath: path },
    network: network ? keptOf(network) : (known?.network ?? {}),
  };
  const look = (db: Db) => mustBeApartIn(db, parts, { saved, text, strict: definition.isolation.strict || !!source });
  // Before anything is built: it may take minutes.
  await look(parts.store);
  const hash = await packRelease(parts.artefacts, definition, definition.release, path);
  const boot = await parts.launches.bootOf(definition, path);
  const warnings = await parts.store.transaction(async (db) => {
    await lockTogether(db);
    const seen = await look(db);
    await saveEnvironment(db, saved);
    return seen;
  });
  if (goes !== null) await forgetGroup(parts.store, { environment: definition.environment, group: goes });
  if (network === null) return { name: definition.environment, plan: null, warnings };
  const input = { definition, network, page, artefacts: { [definition.release]: hash }, boot };
  const plan = source ? planFromBackup({ ...input, source }) : planBringUp(input);
  await savePlan(parts.store, plan);
  return { name: definition.environment, plan, warnings };
}

async function mustBeApartIn(
  db: Db,
  { belongings }: EnvironmentParts,
  { saved, text, strict }: { saved: Omit<SavedEnvironment, "savedAt">; text: string; strict: boolean },
): Promise<string[]> {
  const files = (await readFiles(db)).set(saved.name, { path: saved.definitionPath, text });
  return mustBeApart(await neighboursOf(belongings, db, saved), strict, files);
}

async function findData(
  parts: EnvironmentParts,
  find: Environments["find"],
  { definition, dataFrom, up }: { definition: EnvironmentDefinition; dataFrom: DataWish; up: boolean },
) {
  const { environment } = definition;
  const refuse = (why: string, next: string): Problem =>
    new Problem("refused", { what: `"${environment}" can't take the data of "${dataFrom.environment}"`, why, next });
  if (up) throw refuse("it is up and has data of its own", `without that data: changeover down ${environment}`);
  if (dataFrom.environment === environment) throw refuse("that is itself", "changeover backups restore");
  const origin = await find(dataFrom.environment);
  mustBeNobodysClone(origin);
  return within(parts.world(origin.name), (world) => chooseData(world, origin, definition, dataFrom));
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

/** What servers were made with can't change under them, and nothing changes while an upgrade is on its way. */
async function mustFit(
  parts: Pick<EnvironmentParts, "store" | "world">,
  old: EnvironmentDefinition,
  wanted: EnvironmentDefinition,
): Promise<void> {
  const busy = await unfinishedUpgrade(parts.store, old.environment);
  if (busy) throw occupied(old.environment, busy);
  const fixed = ({ provider, hosts, port, loadBalancers, application, database, ...rest }: EnvironmentDefinition) => {
    // What new servers are launched with is of no matter to those that are there.
    const {
      workers: _,
      group: _bounds,
      template: _template,
      image: _image,
      size: _size,
      frontEnds: _frontEnds,
      ...sizes
    } = application;
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

export const noLedger = (name: string): Problem =>
  new Problem("bad-input", {
    what: `environment "${name}" has no ledger`,
    why: "its file has no `ledger` section, so nobody knows what a write looks like",
    next: "add it (docs/environment-file.md), then: changeover up environment.yaml",
  });
