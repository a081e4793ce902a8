/** Before any new server is launched for good: nothing grows meanwhile, the backup is proven, and so is that the upgrade is minor. */
import type { PlanStep, Stage } from "../../../model/plan.ts";
import { lockServers } from "../../../steps/lock-servers.ts";
import { migrate } from "../../../steps/migrate.ts";
import { noteErrors } from "../../../steps/note-errors.ts";
import { probeServers } from "../../../steps/probe-servers.ts";
import { readTraffic } from "../../../steps/read-traffic.ts";
import { retireSpare } from "../../../steps/retire-spare.ts";
import { sameAsTried } from "../../../steps/same-as-tried.ts";
import { suspendGroup } from "../../../steps/suspend-group.ts";
import { tryMinor } from "../../../steps/try-minor.ts";
import { bootSteps, leaveSteps } from "../../boot.ts";
import { followAgain, openTheCopy, proveBackup, tryNewRelease } from "../../copy.ts";
import { install, launch, timesOf } from "../../launching.ts";
import { checksOf, databaseEndpoint, ms } from "../../layout.ts";
import { act, atOnce, inOrder } from "../../stage.ts";
import type { Cast, Trial } from "./cast.ts";
import { FREE, oldNames, STAYS } from "./words.ts";

export function prepareStages(cast: Cast): Stage[] {
  const { loadBalancers, slot, definition } = cast;
  const old = { slot, servers: oldNames(cast) };
  const pattern = definition.minor.logErrors;
  return [
    ...suspendScaling(cast),
    atOnce("Lock what serves, and note what is usual", FREE, [
      act(lockServers, { servers: lockedServers(cast) }),
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
    ...copyStages(cast, trial),
    inOrder("Prove on the restored copy that the upgrade is minor", FREE, tryOnCopy(cast, trial)),
    // It runs the migration, and is one of the new servers.
    atOnce("Let the copy go, and put the new release in its place", FREE, [
      act(retireSpare, { spare: trial.spare.name }),
      install(definition, trial.record.name, afterOf(cast)),
    ]),
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

function copyStages({ definition, loadBalancers, primary, replica }: Cast, { record, spare, stays }: Trial): Stage[] {
  if (!replica) throw new Error("no replica to take the backup of");
  const databases = { primary: primary.record, replica: replica.record, spare };
  return [
    inOrder("Prove the backup", FREE, proveBackup(definition, databases)),
    atOnce("Let the replica follow again, and open the copy to a new server", FREE, [
      followAgain(definition, databases),
      launch(definition, record, stays ? "keep" : "retire"),
      openTheCopy(spare, loadBalancers),
    ]),
  ];
}

/** The spare holds the backup that was proven; the server reaches nothing but it. */
function tryOnCopy(cast: Cast, trial: Trial): PlanStep[] {
  const { definition, from, to, boot } = cast;
  const { command, unlock, record, spare, before } = trial;
  const [server, copy, primary] = [record.name, spare.name, cast.primary.record.name];
  return [
    ...bootSteps(boot, record, trial.stays ? "keep" : "retire"),
    ...tryNewRelease(definition, {
      ...{ to, command, unlock, install: trial.after, server, copy: spare, primary },
      mayKeep: true,
    }),
    install(definition, server, before),
    act(tryMinor, {
      ...{ server, copy, from, to, old: primary, good: checksOf(definition, "always") },
      ...timesOf(definition),
    }),
  ];
}

function afterOf({ pairs: [first] }: Cast) {
  if (!first) throw new Error("a generation has at least one server");
  return first.after;
}
