/** A restore: a backup becomes the primary on a new server, behind the page; until reopening nothing is given up. */
import type { Plan, Stage } from "../../../model/plan.ts";
import { assertClean } from "../../../steps/assert-clean.ts";
import { closeTestRoute } from "../../../steps/close-test-route.ts";
import { gate } from "../../../steps/gate.ts";
import { pruneBackups } from "../../../steps/prune-backups.ts";
import { readTraffic } from "../../../steps/read-traffic.ts";
import { reopen } from "../../../steps/reopen.ts";
import { restoreRedundancy } from "../../../steps/restore-redundancy.ts";
import { resumeBackups } from "../../../steps/resume-backups.ts";
import { retireSpare } from "../../../steps/retire-spare.ts";
import { startBackup } from "../../../steps/start-backup.ts";
import { startRole } from "../../../steps/start-role.ts";
import { suspendBackups } from "../../../steps/suspend-backups.ts";
import { databaseEndpoint, entranceOf, ms } from "../../layout.ts";
import { act, atOnce, inOrder } from "../../stage.ts";
import { type Cast, castRestore, type RestoreInput } from "./cast.ts";
import { windowStages } from "./window.ts";

const FREE = "retire the restored copy: the public never left the primary; costs nothing";
const NONE =
  "none that is free: the public writes to the restored database; the backup before the restore and the old primary, " +
  "stopped and kept, hold what was before";

export function planRestore(input: RestoreInput): Plan {
  const cast = castRestore(input);
  return {
    format: 1,
    environment: cast.definition.environment,
    strategy: "restore",
    from: cast.release,
    to: cast.release,
    stages: [inOrder("Start the backup on a new server", FREE, start(cast)), ...windowStages(cast), ...finish(cast)],
    afterWayBack: [
      inOrder("Order after the way back", "run the same steps again", [
        redundancy(cast),
        ...order(cast, [cast.spare.name, cast.restored.name]),
      ]),
    ],
    failAt: null,
  };
}

function start(cast: Cast) {
  const { definition, held, loadBalancers, slot, restored } = cast;
  const taken = new Date(held.backup.takenAt).toISOString();
  return [
    act(readTraffic, { loadBalancers }),
    act(startBackup, {
      holder: held.server,
      backup: held.backup.id,
      record: restored,
      copyMs: ms(definition.limits.copySeconds),
      serves: { loadBalancers, slot },
    }),
    act(gate, {
      gate: "restore",
      question:
        `Backup "${held.backup.id}" of ${taken} is started and proven. Taking it gives up what was written since, ` +
        `so far ${cast.loss}. Go on?`,
      deadlineMs: ms(definition.limits.gateSeconds),
      atDeadline: "way-back",
      answeredByYes: true,
      evidenceOf: ["start-backup"],
      fix: null,
    }),
    ...(cast.scheduled.length > 0 ? [act(suspendBackups, { servers: cast.scheduled })] : []),
  ];
}

function finish(cast: Cast): Stage[] {
  const { definition, loadBalancers, workers } = cast;
  const { limits, checks, backups } = definition;
  const times = { healthyMs: ms(limits.healthySeconds), graceMs: ms(limits.stopSeconds) };
  return [
    atOnce("Reopen", NONE, [
      act(reopen, { loadBalancers, entrance: entranceOf(definition), health: checks.health }, "reopen"),
      ...(workers.length > 0
        ? [act(startRole, { servers: workers, role: "worker" as const, good: null, ...times })]
        : []),
    ]),
    inOrder("Restore redundancy", NONE, [redundancy(cast)]),
    inOrder("Clean up", NONE, [
      act(retireSpare, { spare: cast.spare.name }),
      act(pruneBackups, { keep: backups.keep }),
      ...order(cast, [cast.spare.name]),
    ]),
  ];
}

/** The same whichever database serves in the end: the step reads from the endpoint who that is. */
const redundancy = ({ definition, loadBalancers, slot, primary, restored, replica }: Cast) =>
  act(restoreRedundancy, {
    loadBalancer: loadBalancers[0] ?? "",
    slot,
    primary: primary.name,
    primaryEndpoint: databaseEndpoint(definition, primary),
    standby: restored.name,
    standbyEndpoint: databaseEndpoint(definition, restored),
    replica: replica.name,
    withinMs: ms(definition.limits.syncSeconds),
    copyMs: ms(definition.limits.copySeconds),
  });

const order = ({ definition, loadBalancers, slot, scheduled }: Cast, gone: string[]) => [
  ...(scheduled.length > 0 ? [act(resumeBackups, {})] : []),
  act(closeTestRoute, { loadBalancers, testHost: definition.hosts.test }),
  act(assertClean, { loadBalancers, slot, gone, ...(scheduled.length > 0 ? { backups: true } : {}) }),
  act(readTraffic, { loadBalancers }),
];
