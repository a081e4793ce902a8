/** What people and the schedule do with backups: list them, take one, verify one, restore one. */
import {
  type HeldBackup,
  isInService,
  isOfLineage,
  newestVerified,
  ofLineage,
  onShelf,
  scheduleOn,
} from "../model/backup.ts";
import type { Clock } from "../model/clock.ts";
import { inWords, tableDifferences } from "../model/content.ts";
import type { EnvironmentDefinition } from "../model/environment.ts";
import { lineageOf } from "../model/isolation/footprint.ts";
import type { Plan } from "../model/plan.ts";
import { Problem } from "../model/problem.ts";
import { dueAt } from "../model/schedule.ts";
import { problemData } from "../model/upgrade.ts";
import type { World } from "../model/world.ts";
import { readInventory } from "../observe/inventory.ts";
import { readBlue } from "../plan/blue.ts";
import { planBackup } from "../plan/strategies/backup/backup.ts";
import { planVerify } from "../plan/strategies/backup/verify.ts";
import { planRestore } from "../plan/strategies/restore/restore.ts";
import { heldBackups } from "../steps/parts/held-backups.ts";
import { askersOf, type BackupRequest, backupRequests, recordBackupRequest } from "../store/backup-requests.ts";
import { savePlan } from "../store/plans.ts";
import type { Store } from "../store/store.ts";
import { unfinishedUpgrade } from "../store/upgrades.ts";
import { type BackupsView, viewBackups } from "../view/backups.ts";
import type { Engine } from "./engine.ts";
import { networkOf } from "./addressing.ts";
import type { Environments } from "./environments.ts";
import { mustBeAllowed } from "./locks.ts";
import { occupied } from "./requests.ts";
import { within } from "./world-use.ts";

export interface BackupParts {
  store: Store;
  engine: Engine;
  environments: Environments;
  clock: Clock;
  /** For looking. */
  world(environment: string): Promise<World>;
}

export interface Backups {
  list(environment: string): Promise<BackupsView>;
  /** Each of these starts a run and gives its id. */
  take(environment: string, asked: { by: string; scheduled: boolean }): Promise<string>;
  verify(environment: string, backup: string, by: string): Promise<string>;
  restore(
    environment: string,
    backup: string,
    asked: { by: string; yes: boolean; otherLineage: boolean },
  ): Promise<string>;
  /** What a restore would do and give up, without doing anything. */
  planRestore(
    environment: string,
    backup: string,
    otherLineage: boolean,
  ): Promise<{ hash: string; plan: Plan; loss: string }>;
}

/** So many are told apart when the schedule looks at how it went lately. */
const TRIES = 20;

const LOCK_VERBS = { take: "backup-take", verify: "backup-verify", restore: "restore" } as const;

export function openBackups(parts: BackupParts): Backups {
  const { store, engine, clock } = parts;
  const asking = async (
    environment: string,
    asked: Pick<BackupRequest, "verb" | "by" | "scheduled" | "backup"> & { yes: boolean },
    make: () => Promise<Plan>,
  ): Promise<string> => {
    const request = { ...asked, environment, at: clock.now() };
    const asker = asked.scheduled ? "schedule" : "person";
    try {
      // Also before it is planned, which takes its time.
      await mustBeAllowed(store, { environment, verb: LOCK_VERBS[asked.verb], asker });
      const upgrade = await engine.startUpgrade(await make(), { yes: asked.yes, by: asked.by, asker });
      await recordBackupRequest(store, { ...request, upgrade, problem: null });
      return upgrade;
    } catch (error) {
      const busy = await unfinishedUpgrade(store, environment);
      // Something else was faster: that is no failure of a backup.
      if (busy) throw error;
      await recordBackupRequest(store, { ...request, upgrade: null, problem: problemData(error) });
      throw error;
    }
  };
  return {
    list: (environment) => list(parts, environment),
    take: (environment, { by, scheduled }) =>
      asking(environment, { verb: "take", by, scheduled, backup: null, yes: true }, async () =>
        planBackup({ ...(await ground(parts, environment)), why: scheduled ? "schedule" : "person" }),
      ),
    verify: (environment, backup, by) =>
      asking(environment, { verb: "verify", by, scheduled: false, backup, yes: true }, async () => {
        const found = await ground(parts, environment);
        return planVerify({ ...found, held: mustHold(found.held, backup) });
      }),
    restore: (environment, backup, { by, yes, otherLineage }) =>
      asking(
        environment,
        { verb: "restore", by, scheduled: false, backup, yes },
        async () => (await makeRestore(parts, environment, backup, otherLineage)).plan,
      ),
    async planRestore(environment, backup, otherLineage) {
      const made = await makeRestore(parts, environment, backup, otherLineage);
      return { ...made, hash: await savePlan(store, made.plan) };
    },
  };
}

/** What every plan about backups is made of. */
async function ground({ store, environments, world }: BackupParts, environment: string) {
  const saved = await environments.find(environment);
  const busy = await unfinishedUpgrade(store, environment);
  if (busy) throw occupied(environment, busy);
  return within(world(environment), async (seen) => {
    const inventory = await readInventory(seen);
    const network = networkOf(saved, inventory);
    return { definition: saved.definition, network, inventory, held: await heldBackups(seen) };
  });
}

async function makeRestore(parts: BackupParts, environment: string, backup: string, otherLineage: boolean) {
  const { held: all, ...found } = await ground(parts, environment);
  const held = mustHold(all, backup);
  if (!otherLineage) mustBeOfLineage(held, found.definition);
  const name = readBlue(found.inventory).primary.record.name;
  const { schema, loss } = await within(parts.world(environment), async (seen) => {
    const primary = await seen.database(name);
    const differs = tableDifferences(await primary.checksums(), held.backup.content?.tables ?? [], {
      left: `"${name}" now`,
      right: "the backup",
    });
    const since = await primary.transactionsSince(held.backup.position);
    const many = since === 1 ? "1 transaction" : `${since ?? "an unknown number of"} transactions`;
    return { schema: await primary.schemaFingerprint(), loss: `${many}: ${inWords(differs) || "no table differs"}` };
  });
  return { plan: planRestore({ ...found, held, schema, loss }), loss };
}

/** One that lies in service is preferred over one on a server that is put aside. */
function mustHold(all: readonly HeldBackup[], id: string): HeldBackup {
  const found = all.filter(({ backup }) => backup.id === id);
  const chosen = found.find(({ kept }) => kept === null) ?? found[0];
  if (chosen) return chosen;
  throw new Problem("not-found", {
    what: `there is no backup "${id}"`,
    why: all.length === 0 ? "none was taken" : `there are ${all.map(({ backup }) => backup.id).join(", ")}`,
    next: "changeover backups",
  });
}

/** Its rows are another environment's: nobody should find that out afterwards. */
function mustBeOfLineage({ backup }: HeldBackup, definition: EnvironmentDefinition): void {
  const own = lineageOf(definition);
  if (isOfLineage(backup, definition.environment, own)) return;
  throw new Problem("refused", {
    what: `backup "${backup.id}" is not of this environment's data`,
    why: `its lineage is ${backup.lineage ?? definition.environment}, the environment's is ${own}`,
    next: `if that is what you want: changeover backups restore ${backup.id} ${definition.environment} --other-lineage`,
  });
}

async function list({ store, environments, world }: BackupParts, environment: string): Promise<BackupsView> {
  const { definition } = await environments.find(environment);
  const seen = await within(world(environment), async (of) => {
    const { records } = await of.provider.survey(environment);
    return { held: await heldBackups(of, records), records: records.filter(isInService) };
  });
  const owners = seen.held.map(({ backup }) => ownerOf(backup.id));
  const everyMs = (definition.backups.everyHours ?? 0) * 3_600_000;
  return viewBackups({
    environment,
    held: seen.held,
    askers: await askersOf(store, owners),
    requests: await backupRequests(store, environment, { limit: TRIES, scheduled: false }),
    schedule: {
      everyHours: definition.backups.everyHours ?? null,
      on: seen.records.filter((record) => scheduleOn(record) === true).map(({ name }) => name),
      suspended: seen.records.some((record) => scheduleOn(record) === false),
      nextAt:
        everyMs === 0
          ? null
          : dueAt({
              everyMs,
              newestAt:
                newestVerified(ofLineage(onShelf(seen.held), environment, lineageOf(definition)))?.backup.takenAt ??
                null,
              tries: await scheduledTries(store, environment),
            }),
    },
  });
}

/** The upgrade that took it. */
const ownerOf = (backup: string): string => /^u-[a-z0-9]+/.exec(backup)?.[0] ?? backup;

/** Those that are over: one that is under way is nothing yet. */
export async function scheduledTries(store: Store, environment: string): Promise<{ at: number; good: boolean }[]> {
  const asked = await backupRequests(store, environment, { limit: TRIES, scheduled: true });
  return asked
    .filter(({ state }) => state === null || state === "upgraded" || state === "rolled-back")
    .map(({ at, state }) => ({ at, good: state === "upgraded" }));
}
