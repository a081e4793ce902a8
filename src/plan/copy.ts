/** A restored copy of the database, on which releases are tried: how it is made, and how a server is led to it and nowhere else. */
import type { Install } from "../model/application.ts";
import type { EnvironmentDefinition } from "../model/environment.ts";
import type { PlanStep } from "../model/plan.ts";
import type { ServerRecord } from "../model/provider.ts";
import { installRelease } from "../steps/install-release.ts";
import { markSchema } from "../steps/mark-schema.ts";
import { migrate } from "../steps/migrate.ts";
import { openCopy } from "../steps/open-copy.ts";
import { pauseReplica } from "../steps/pause-replica.ts";
import { restoreBackup } from "../steps/restore-backup.ts";
import { sameSchema } from "../steps/same-schema.ts";
import { startRole } from "../steps/start-role.ts";
import { stopRole } from "../steps/stop-role.ts";
import { timesOf } from "./launching.ts";
import { checksOf, databaseEndpoint, installMs, ms } from "./layout.ts";
import { resumeStep } from "./replica.ts";
import { act } from "./stage.ts";

/** Named to an application that is tried on a copy: it should send no mail and call nobody. */
const TRIAL = { REHEARSAL: "1" };

/** The server reaches the copy itself, past every endpoint. */
export const onCopy = (definition: EnvironmentDefinition, copy: ServerRecord, install: Install): Install => ({
  ...install,
  inputs: { ...install.inputs, ...TRIAL },
  database: databaseEndpoint(definition, copy),
});

export interface Databases {
  primary: ServerRecord;
  replica: ServerRecord;
  spare: ServerRecord;
}

/** A backup of the replica, started on a spare server and compared. */
export function proveBackup(definition: EnvironmentDefinition, { primary, replica, spare }: Databases): PlanStep[] {
  const primaryEndpoint = databaseEndpoint(definition, primary);
  const { copySeconds } = definition.limits;
  return [
    act(pauseReplica, { replica: replica.name, primary: primaryEndpoint }),
    act(restoreBackup, { source: replica.name, spare, backup: "drill", copyMs: ms(copySeconds) }),
  ];
}

/** After the backup was proven. */
export const followAgain = (definition: EnvironmentDefinition, { primary, replica }: Databases): PlanStep =>
  resumeStep(definition, { primary, replica: replica.name }, null);

/** Before anything is tried on it. */
export const openTheCopy = (copy: ServerRecord, loadBalancers: string[]): PlanStep =>
  act(openCopy, { server: copy.name, loadBalancers });

export interface NewRelease {
  to: string;
  command: string;
  unlock: string | null;
  /** Led to the copy. */
  install: Install;
  /** Tries it. */
  server: string;
  copy: ServerRecord;
  /** Still has the old schema. */
  primary: string;
  /** An upgrade that was taken back may have left all of it. */
  mayKeep?: boolean;
}

/** The new release migrates the copy, starts on it and is good by every check; what starts must not migrate. */
export function tryNewRelease(definition: EnvironmentDefinition, wanted: NewRelease): PlanStep[] {
  const { to, command, unlock, install, server, copy, primary, mayKeep } = wanted;
  const times = timesOf(definition);
  return [
    act(installRelease, { server, install, limitMs: installMs(definition) }),
    act(migrate, {
      of: "copy",
      migrator: server,
      command,
      unlock,
      inputs: TRIAL,
      release: to,
      primary: copy.name,
      primaryEndpoint: databaseEndpoint(definition, copy),
      limitMs: ms(definition.limits.migrateSeconds),
      old: primary,
      ...(mayKeep ? { mayKeep } : {}),
      wayBack: null,
    }),
    act(markSchema, { server: copy.name }),
    act(startRole, { servers: [server], role: "web", good: checksOf(definition, "always"), ...times }),
    act(sameSchema, { server: copy.name, release: to }),
    act(stopRole, { servers: [server], role: "web", graceMs: times.graceMs }),
  ];
}
