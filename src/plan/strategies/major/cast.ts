/** Who plays which part in a major upgrade: every name, address and release, chosen before it begins. */
import type { Install } from "../../../model/application.ts";
import type { EnvironmentDefinition } from "../../../model/environment.ts";
import type { Inventory, SeenDatabase } from "../../../model/inventory.ts";
import type { Slot } from "../../../model/load-balancer.ts";
import type { ServerRecord } from "../../../model/provider.ts";
import { readBlue } from "../../blue.ts";
import { mustPass } from "../../guards.ts";
import { installOf, Layout } from "../../layout.ts";

export interface MajorInput {
  definition: EnvironmentDefinition;
  network: string;
  inventory: Inventory;
  to: string;
  /** Content hash of each release's artefact. */
  artefacts: Record<string, string>;
  /** A step that is asked to fail, for rehearsing the way back. */
  failAt: string | null;
}

/** Name of the backup that only proves that backups work. */
export const DRILL = "drill";

export interface GreenServer {
  record: ServerRecord;
  /** Blue's release, as the server it was cloned from runs it. */
  before: Install;
  after: Install;
}

export interface Cast {
  definition: EnvironmentDefinition;
  from: string;
  to: string;
  failAt: string | null;
  /** Blue's slot. */
  slot: Slot;
  green: Slot;
  loadBalancers: string[];
  blueServers: string[];
  blueWorkers: string[];
  greenServers: GreenServer[];
  primary: SeenDatabase;
  replica: SeenDatabase;
  standby: ServerRecord;
  spare: ServerRecord;
  /** Left from earlier upgrades, retired by this one. */
  kept: string[];
}

export function castMajor(input: MajorInput): Cast {
  const { definition, inventory, to } = input;
  const blue = readBlue(inventory);
  mustPass({ definition, blue, to });
  const present = [...inventory.loadBalancers, ...inventory.applications, ...inventory.databases].map(
    ({ record }) => record,
  );
  const layout = new Layout(definition.environment, input.network, present);
  const replica = blue.replicas.find(({ health }) => health.replicating) as SeenDatabase;
  const loadBalancers = blue.loadBalancers.map(({ record }) => record);
  const names = blue.applications.map(({ record }) => record.name);
  // What runs, not what the file says by now: no old worker may live through the window.
  const workers = blue.applications
    .filter(({ roles }) => roles.worker !== "absent" && roles.worker !== "stopped")
    .map(({ record }) => record.name);
  return {
    definition,
    from: blue.release,
    to,
    failAt: input.failAt,
    slot: blue.slot,
    green: blue.green,
    loadBalancers: loadBalancers.map(({ name }) => name),
    blueServers: names,
    blueWorkers: workers,
    greenServers: blue.applications.map(({ record, installed }, turn) => {
      const group = record.labels.group;
      const at = { loadBalancers, slot: blue.green, turn };
      return {
        record: layout.next("application", group ?? "app", {
          slot: blue.green,
          clonedFrom: record.name,
          ...(group ? { group } : {}),
        }),
        before: installOf(definition, blue.release, installed?.artefact ?? "", at),
        after: installOf(definition, to, input.artefacts[to] ?? "", at),
      };
    }),
    primary: blue.primary,
    replica,
    standby: layout.next("database", "db", { role: "standby", clonedFrom: blue.primary.record.name }),
    spare: layout.next("database", "spare", { role: "spare" }),
    kept: blue.kept,
  };
}
