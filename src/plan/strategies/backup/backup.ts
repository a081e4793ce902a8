/** A backup on its own: the replica stands still for it, it is started on a spare and compared, and retention is applied. */
import { scheduleOn } from "../../../model/backup.ts";
import type { EnvironmentDefinition } from "../../../model/environment.ts";
import type { Inventory } from "../../../model/inventory.ts";
import type { Network } from "../../../model/network.ts";
import type { Plan, PlanStep } from "../../../model/plan.ts";
import type { ServerRecord } from "../../../model/provider.ts";
import { assertBackup } from "../../../steps/assert-backup.ts";
import { pauseReplica } from "../../../steps/pause-replica.ts";
import { pruneBackups } from "../../../steps/prune-backups.ts";
import { restoreBackup } from "../../../steps/restore-backup.ts";
import { resumeBackups } from "../../../steps/resume-backups.ts";
import { retireSpare } from "../../../steps/retire-spare.ts";
import { type Blue, readBlue } from "../../blue.ts";
import { databaseEndpoint, everyRecord, Layout, ms } from "../../layout.ts";
import { type Databases, replicaInSync, resumeStep } from "../../replica.ts";
import { act, inOrder } from "../../stage.ts";

export interface BackupInput {
  definition: EnvironmentDefinition;
  network: Network;
  inventory: Inventory;
  why: "schedule" | "person";
}

const WAY_BACK = "let the replica follow again and retire the spare; nothing that serves was touched";
/** The upgrade's id is put before it. */
const NAME = "backup";

export function planBackup({ definition, network, inventory, why }: BackupInput): Plan {
  const blue = readBlue(inventory);
  const replica = replicaInSync(blue, `no backup of "${definition.environment}" can be taken`).record.name;
  const [primary, limits] = [blue.primary.record, definition.limits];
  const spare = new Layout(definition.environment, network, everyRecord(inventory)).next("database", "spare", {
    role: "spare",
  });
  const copyMs = ms(limits.copySeconds);
  const inSync = (reseedMs: number | null) => resumeStep(definition, { primary, replica }, reseedMs);
  return {
    format: 1,
    environment: definition.environment,
    strategy: "backup",
    from: blue.release,
    to: blue.release,
    stages: [
      inOrder("Back up the replica", WAY_BACK, [
        ...firstOfSchedule(definition, blue),
        inSync(null),
        ...backupSteps(definition, { primary, replica, spare }, why),
      ]),
      inOrder("Apply retention", "none is needed: what goes is what nobody is to go back to; the new backup stays", [
        act(pruneBackups, { keep: definition.backups.keep }),
      ]),
    ],
    afterWayBack: [inOrder("Redundancy after the way back", "run the same steps again", [inSync(copyMs)])],
    failAt: null,
  };
}

/** A backup of a replica that is in sync, proven on a spare. */
export function backupSteps(
  definition: EnvironmentDefinition,
  { spare, ...databases }: Databases & { spare: ServerRecord },
  why: BackupInput["why"],
): PlanStep[] {
  const { primary, replica } = databases;
  const copyMs = ms(definition.limits.copySeconds);
  return [
    act(pauseReplica, { replica, primary: databaseEndpoint(definition, primary) }),
    act(restoreBackup, { source: replica, spare, backup: NAME, why, copyMs }, "snapshot"),
    resumeStep(definition, databases, copyMs),
    act(retireSpare, { spare: spare.name }),
    act(assertBackup, { source: replica, backup: NAME, primary: primary.name, spare: spare.name }),
  ];
}

/** The file got a schedule when the servers were already there: from now on they say that it runs. */
function firstOfSchedule({ backups }: EnvironmentDefinition, { primary, replicas }: Blue): PlanStep[] {
  const unsaid = [primary, ...replicas].some(({ record }) => scheduleOn(record) === null);
  return backups.everyHours !== undefined && unsaid ? [act(resumeBackups, {})] : [];
}
