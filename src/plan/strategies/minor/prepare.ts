/** Before any new server is launched for good: nothing grows meanwhile, the backup is proven, and so is that the upgrade is minor. */
import type { PlanStep, Stage } from "../../../model/plan.ts";
import { installRelease } from "../../../steps/install-release.ts";
import { lockServers } from "../../../steps/lock-servers.ts";
import { markSchema } from "../../../steps/mark-schema.ts";
import { migrate } from "../../../steps/migrate.ts";
import { noteErrors } from "../../../steps/note-errors.ts";
import { openCopy } from "../../../steps/open-copy.ts";
import { pauseReplica } from "../../../steps/pause-replica.ts";
import { probeServers } from "../../../steps/probe-servers.ts";
import { readTraffic } from "../../../steps/read-traffic.ts";
import { restoreBackup } from "../../../steps/restore-backup.ts";
import { resumeReplica } from "../../../steps/resume-replica.ts";
import { retireSpare } from "../../../steps/retire-spare.ts";
import { sameAsTried } from "../../../steps/same-as-tried.ts";
import { sameSchema } from "../../../steps/same-schema.ts";
import { startRole } from "../../../steps/start-role.ts";
import { stopRole } from "../../../steps/stop-role.ts";
import { suspendGroup } from "../../../steps/suspend-group.ts";
import { tryMinor } from "../../../steps/try-minor.ts";
import { bootSteps, leaveSteps } from "../../boot.ts";
import { install, launch, timesOf } from "../../launching.ts";
import { checksOf, databaseEndpoint, installMs, ms } from "../../layout.ts";
import { act, inOrder } from "../../stage.ts";
import { type Cast, type Trial, TRIAL } from "./cast.ts";
import { FREE, oldNames, STAYS } from "./words.ts";

export function prepareStages(cast: Cast): Stage[] {
  const { loadBalancers, slot, definition } = cast;
  const old = { slot, servers: oldNames(cast) };
  const pattern = definition.minor.logErrors;
  return [
    ...suspendScaling(cast),
    inOrder("Lock what serves", FREE, [act(lockServers, { servers: lockedServers(cast) })]),
    inOrder("Note what is usual", FREE, [
      act(readTraffic, { loadBalancers }),
      act(noteErrors, { loadBalancers, old, when: { at: "beginning" }, pattern }),
    ]),
    ...(cast.trial ? migration(cast, cast.trial) : []),
  ];
}

/** First of all: whatever the group launched from now on would already get what is new. */
function suspendScaling({ definition: { application }, loadBalancers, slot }: Cast): Stage[] {
  if (!application.group) return [];
  const group = application.group.name;
  return [inOrder("Suspend the scaling group", FREE, [act(suspendGroup, { group, loadBalancers, slot })])];
}

export const lockedServers = (cast: Cast): string[] => [
  ...cast.loadBalancers,
  ...oldNames(cast),
  cast.primary.record.name,
  ...(cast.replica ? [cast.replica.record.name] : []),
];

function migration(cast: Cast, trial: Trial): Stage[] {
  const { definition, to } = cast;
  const withCleanUp = checksOf(definition, "with-clean-up");
  const primary = cast.primary.record.name;
  return [
    inOrder("Prove the backup", FREE, proveBackup(cast, trial)),
    inOrder("Prove on the restored copy that the upgrade is minor", FREE, tryOnCopy(cast, trial)),
    inOrder("Migrate what both releases can use", STAYS, [
      act(
        migrate,
        {
          of: "live",
          migrator: trial.record.name,
          command: trial.command,
          unlock: trial.unlock,
          inputs: cast.failAt === "migrate" ? { REHEARSE_FAILURE: "half" } : {},
          release: to,
          primary,
          primaryEndpoint: databaseEndpoint(definition, cast.primary.record),
          limitMs: ms(definition.limits.migrateSeconds),
          old: null,
          wayBack: null,
        },
        "migration",
      ),
      act(sameAsTried, { primary }),
      act(probeServers, { servers: oldNames(cast), good: withCleanUp, withinMs: ms(definition.limits.healthySeconds) }),
      ...(trial.stays ? [] : [...leaveSteps(cast.boot, trial.record), retire(trial.record.name)]),
    ]),
  ];
}

const retire = (server: string): PlanStep => act(retireSpare, { spare: server, holds: "nothing" });

function proveBackup({ definition, primary, replica }: Cast, { spare }: Trial): PlanStep[] {
  if (!replica) throw new Error("no replica to take the backup of");
  const primaryEndpoint = databaseEndpoint(definition, primary.record);
  const { copySeconds, syncSeconds } = definition.limits;
  const { name } = replica.record;
  return [
    act(pauseReplica, { replica: name, primary: primaryEndpoint }),
    act(restoreBackup, { source: name, spare, backup: "drill", copyMs: ms(copySeconds) }, "snapshot"),
    act(resumeReplica, {
      ...{ replica: name, primary: primary.record.name, primaryEndpoint },
      withinMs: ms(syncSeconds),
      reseedMs: null,
    }),
  ];
}

/** The spare holds the backup that was proven; the server reaches nothing but it. */
function tryOnCopy(cast: Cast, trial: Trial): PlanStep[] {
  const { definition, loadBalancers, from, to, boot } = cast;
  const { command, unlock } = trial;
  const [server, copy] = [trial.record.name, trial.spare.name];
  const times = timesOf(definition);
  const good = checksOf(definition, "always");
  const put = (release: typeof trial.after) =>
    act(installRelease, { server, install: release, limitMs: installMs(definition) });
  return [
    launch(definition, trial.record, trial.stays ? "keep" : "retire"),
    ...bootSteps(boot, trial.record, trial.stays ? "keep" : "retire"),
    act(openCopy, { server: copy, loadBalancers }),
    put(trial.after),
    act(migrate, {
      of: "copy",
      migrator: server,
      command,
      unlock,
      inputs: TRIAL,
      release: to,
      primary: copy,
      primaryEndpoint: databaseEndpoint(definition, trial.spare),
      limitMs: ms(definition.limits.migrateSeconds),
      old: cast.primary.record.name,
      mayKeep: true,
      wayBack: null,
    }),
    act(markSchema, { server: copy }),
    act(startRole, { servers: [server], role: "web", good, ...times }),
    act(sameSchema, { server: copy, release: to }),
    act(stopRole, { servers: [server], role: "web", graceMs: times.graceMs }),
    put(trial.before),
    act(tryMinor, { server, copy, from, to, old: cast.primary.record.name, good, ...times }),
    act(retireSpare, { spare: copy }),
    // It runs the migration, and is one of the new servers.
    install(definition, server, afterOf(cast)),
  ];
}

function afterOf({ pairs: [first] }: Cast) {
  if (!first) throw new Error("a generation has at least one server");
  return first.after;
}
