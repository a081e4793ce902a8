/** Gathers what guards want to know besides the inventory: files, history, locks, and the databases' readiness. */
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { newestVerified, ofLineage } from "../model/backup.ts";
import type { Install } from "../model/application.ts";
import type { Drift } from "../model/drift.ts";
import { sayIntersections } from "../model/isolation/intersections.ts";
import type { Inventory } from "../model/inventory.ts";
import type { Plan } from "../model/plan.ts";
import type { World } from "../model/world.ts";
import { driftOfFile, driftOfWorld } from "../observe/drift.ts";
import { readReadiness } from "../observe/readiness.ts";
import type { Blue } from "../plan/blue.ts";
import type { Artefact, Circumstances } from "../plan/guards/guard.ts";
import { likenessOf } from "../plan/likeness.ts";
import { groupSizeAfter } from "../plan/strategies/group/size.ts";
import { originOf, type SavedEnvironment } from "../store/environments.ts";
import { openOverrides } from "../store/inputs.ts";
import { carriedOut, lastSizing } from "../store/past.ts";
import { locksOf } from "../store/locks.ts";
import type { Store } from "../store/store.ts";
import { unfinishedUpgrade } from "../store/upgrades.ts";
import { readCommitted } from "./committed.ts";
import { readFiles, sharedWith, whereIn } from "./isolation.ts";

export interface Looking {
  store: Store;
  world: World;
  saved: SavedEnvironment;
  inventory: Inventory;
  blue: Blue;
  to: string;
  at: number | null;
  /** Content hash of the release that is wished for; null when it is not known. */
  artefact: string | null;
  /** On a clone, which no lock of this environment is about. */
  rehearsal: boolean;
}

/** A replica in service is there within a moment, or it is not in sync. */
const SYNC_MS = 5_000;

export async function readCircumstances(looking: Looking): Promise<Circumstances> {
  const { store, world, saved, inventory, blue, at } = looking;
  const { definition, name } = saved;
  const [past, groupSize] = [await carriedOut(store, name), await groupSizeOf(store, name)];
  const readiness = await readReadiness(world, inventory, {
    primary: blue.primary.record.name,
    replicas: blue.replicas.map(({ record }) => record.name),
    longSeconds: definition.policy.longTransactionSeconds,
    withinMs: Math.min(SYNC_MS, definition.limits.syncSeconds * 1000),
  });
  const staged = definition.staging === undefined ? [] : await carriedOut(store, definition.staging);
  return {
    now: world.clock.now(),
    at,
    other: await unfinishedUpgrade(store, name),
    overrides: await openOverrides(store, name, world.clock.now()),
    locks: looking.rehearsal ? [] : await locksOf(store, name),
    readiness,
    drift: readDrift(saved, past, groupSize, inventory),
    groupSize,
    newestVerifiedBackupAt: await newestVerifiedBackup(looking),
    artefact: await readArtefact(looking, past),
    accepted: staged.map(likenessOf),
    shared: definition.isolation.strict ? await sharedNow(looking) : [],
  };
}

export async function groupSizeOf(store: Store, environment: string): Promise<number | null> {
  const plan = await lastSizing(store, environment);
  return plan && groupSizeAfter(plan);
}

async function sharedNow({ store, world }: Looking): Promise<string[]> {
  const found = sharedWith(await world.neighbours());
  return found.length === 0 ? [] : [sayIntersections(found, whereIn(await readFiles(store)))];
}

export function readDrift(
  saved: SavedEnvironment,
  past: readonly Plan[],
  groupSize: number | null,
  inventory: Inventory,
): Drift[] {
  const { definition, definitionPath: path } = saved;
  return [
    // A clone has no file of its own.
    ...(originOf(saved) === null ? driftOfFile(definition, path, readText(path)) : []),
    ...driftOfWorld({ definition, release: past[0]?.to ?? null, groupSize }, inventory),
  ];
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

/** When the newest proven one of those in service was taken: what it holds is that old. */
async function newestVerifiedBackup({ world, blue }: Looking): Promise<number | null> {
  const running = [blue.primary, ...blue.replicas].filter(({ health }) => health.running);
  const held = await Promise.all(
    running.map(async ({ record: { name: server } }) =>
      (await (await world.database(server)).backups()).map((backup) => ({ server, kept: null, backup })),
    ),
  );
  return newestVerified(ofLineage(held.flat(), world.environment, world.lineage))?.backup.takenAt ?? null;
}

async function readArtefact({ saved, blue, to, artefact }: Looking, past: readonly Plan[]): Promise<Artefact> {
  const wanted = saved.definition.releases[to];
  const folder = wanted && resolve(dirname(saved.definitionPath), wanted.artefact);
  const serving = blue.applications.map(({ installed }) => installed);
  // What an environment of this name did before it was last taken down is another story.
  const born = past.findIndex(({ from }) => from === "");
  const installs = [...serving, ...past.slice(0, born < 0 ? past.length : born + 1).flatMap(installsOf)];
  const served = installs.flatMap((install) => (install?.release === to ? [install.artefact] : []));
  return { hash: artefact, served: [...new Set(served)], git: folder ? await readCommitted(folder) : null };
}

/** What a plan put on its servers and let serve. */
const installsOf = ({ stages }: Plan): { release: string; artefact: string }[] =>
  stages
    .flatMap(({ steps }) => steps)
    .flatMap(({ step, input }) => {
      if (step === "install-release") return [(input as { install: Install }).install];
      if (step === "replace-release")
        return (input as { changes: { after: Install }[] }).changes.map(({ after }) => after);
      return [];
    });
