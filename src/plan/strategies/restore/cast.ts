/** Who plays which part in a restore: every name and address, chosen before it begins, and what it must not be tried on. */
import type { HeldBackup } from "../../../model/backup.ts";
import type { EnvironmentDefinition } from "../../../model/environment.ts";
import type { Inventory } from "../../../model/inventory.ts";
import type { Network } from "../../../model/network.ts";
import type { Slot } from "../../../model/load-balancer.ts";
import { Problem } from "../../../model/problem.ts";
import type { ServerRecord } from "../../../model/provider.ts";
import { readBlue, runsWorker } from "../../blue.ts";
import { everyRecord, Layout, scheduledServers } from "../../layout.ts";
import { replicaInSync } from "../../replica.ts";

export interface RestoreInput {
  definition: EnvironmentDefinition;
  network: Network;
  inventory: Inventory;
  held: HeldBackup;
  /** The primary's schema now. */
  schema: string;
  /** What would be given up, in words, as it was when the plan was made. */
  loss: string;
}

export interface Cast {
  definition: EnvironmentDefinition;
  release: string;
  held: HeldBackup;
  loss: string;
  slot: Slot;
  loadBalancers: string[];
  servers: string[];
  /** Those that run workers now. */
  workers: string[];
  primary: ServerRecord;
  replica: ServerRecord;
  /** The new server that the backup becomes the primary on. */
  restored: ServerRecord;
  spare: ServerRecord;
  /** Servers on which scheduled backups run now. */
  scheduled: string[];
}

export function castRestore({ definition, network, inventory, held, schema, loss }: RestoreInput): Cast {
  const blue = readBlue(inventory);
  mustFitSchema(held, schema, blue.release);
  const replica = replicaInSync(blue, `"${definition.environment}" can't be restored from "${held.backup.id}"`);
  const layout = new Layout(definition.environment, network, everyRecord(inventory));
  return {
    definition,
    release: blue.release,
    held,
    loss,
    slot: blue.slot,
    loadBalancers: blue.loadBalancers.map(({ record }) => record.name),
    servers: blue.applications.map(({ record }) => record.name),
    workers: blue.applications.filter(runsWorker).map(({ record }) => record.name),
    primary: blue.primary.record,
    replica: replica.record,
    restored: layout.next("database", "db", { role: "restored", restoredFrom: held.backup.id }),
    spare: layout.next("database", "spare", { role: "spare" }),
    scheduled: scheduledServers(inventory),
  };
}

/** The release that serves would not find its tables: the smoke test would say so too, but behind the page. */
function mustFitSchema({ backup }: HeldBackup, schema: string, release: string): void {
  if (backup.content?.schema === schema) return;
  throw new Problem("refused", {
    what: `"${backup.id}" can't be restored under release ${release}`,
    why: backup.content
      ? "its tables are made as another release made them"
      : "nobody wrote down what its source held, so nobody could tell whether it is whole",
    next: "changeover backups, then choose one that was taken under this schema",
  });
}
