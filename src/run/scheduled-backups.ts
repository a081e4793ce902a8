/** The schedule of one control plane: its promises (schedule.ts) over the control database and the servers. */
import { isInService, newestVerified, ofLineage, onShelf, scheduleOn } from "../model/backup.ts";
import { problemData } from "../model/upgrade.ts";
import { heldBackups } from "../steps/parts/held-backups.ts";
import { recordBackupRequest, whileAlone } from "../store/backup-requests.ts";
import { ownEnvironments } from "../store/environments.ts";
import { unfinishedUpgrade } from "../store/upgrades.ts";
import { type BackupParts, type Backups, scheduledTries } from "./backups.ts";
import { repeat } from "./repeat.ts";
import { createSchedule } from "./schedule.ts";
import { within } from "./world-use.ts";

const LOOK_EVERY_MS = 5_000;
const BY = "schedule";

export function runSchedule({ store, clock, world }: BackupParts, backups: Backups): { stop(): Promise<void> } {
  const failed = (environment: string, error: unknown) =>
    recordBackupRequest(store, {
      ...{ environment, verb: "take", by: BY, scheduled: true, at: clock.now(), backup: null, upgrade: null },
      problem: problemData(error),
    });
  const tick = createSchedule({
    clock,
    wished: async () =>
      (await ownEnvironments(store)).flatMap(({ name, definition: { backups: wish } }) =>
        wish.everyHours === undefined ? [] : [{ environment: name, everyMs: wish.everyHours * 3_600_000 }],
      ),
    busy: async (environment) => (await unfinishedUpgrade(store, environment)) !== null,
    tries: (environment) => scheduledTries(store, environment),
    look: (environment) =>
      within(world(environment), async (seen) => ({
        newestAt:
          newestVerified(ofLineage(onShelf(await heldBackups(seen)), environment, seen.lineage))?.backup.takenAt ??
          null,
        suspended: (await seen.provider.list(environment)).some(
          (record) => isInService(record) && scheduleOn(record) === false,
        ),
      })),
    alone: (environment, work) => whileAlone(store, environment, work),
    // What refuses it is in its own record by then.
    take: (environment) =>
      backups.take(environment, { by: BY, scheduled: true }).then(
        () => {},
        () => {},
      ),
    failed,
  });
  return repeat(tick, LOOK_EVERY_MS, console.error);
}
