/** After the gate: reopen, workers on, replica in sync, the old kept and cleaned up; and what follows a way back. */
import type { PlanStep, Stage } from "../../../model/plan.ts";
import { assertClean } from "../../../steps/assert-clean.ts";
import { assertInputs } from "../../../steps/assert-inputs.ts";
import { assertNoOverrides } from "../../../steps/assert-no-overrides.ts";
import { closeTestRoute } from "../../../steps/close-test-route.ts";
import { gate } from "../../../steps/gate.ts";
import { markReopening } from "../../../steps/mark-reopening.ts";
import { pruneBackups } from "../../../steps/prune-backups.ts";
import { readDisk } from "../../../steps/read-disk.ts";
import { readTraffic } from "../../../steps/read-traffic.ts";
import { reopen } from "../../../steps/reopen.ts";
import { restoreRedundancy } from "../../../steps/restore-redundancy.ts";
import { resumeBackups } from "../../../steps/resume-backups.ts";
import { resumeGroup } from "../../../steps/resume-group.ts";
import { resumeReplica } from "../../../steps/resume-replica.ts";
import { retireServers } from "../../../steps/retire-servers.ts";
import { unlockServers } from "../../../steps/unlock-servers.ts";
import { decommissionSteps } from "../../boot.ts";
import { proveGrowth } from "../../growth.ts";
import { startWorkers } from "../../launching.ts";
import { databaseEndpoint, entranceOf, ms } from "../../layout.ts";
import { resumeStep } from "../../replica.ts";
import { letSessionsEnd, sessionsMs } from "../../sessions.ts";
import { act, atOnce, inOrder } from "../../stage.ts";
import type { Cast, GreenServer } from "./cast.ts";
import { newServers, oldServers } from "./prepare.ts";

const FREE =
  "promote the standby that is frozen before the migration, point the old release at it, start it; loses nothing: " +
  "the public was not let in yet";
const PRICED =
  "the page, a fence, an export of every row written since reopening; then the frozen standby and the old release; " +
  "loses what was written since reopening, counted when asked: changeover rollback";
const NONE = "none: the old servers and the standby are being retired; the snapshot holds what was before";

export function finishStages(cast: Cast): Stage[] {
  return [
    inOrder("Mark the reopening", FREE, [mark(cast)]),
    // Side by side: one dead load balancer must not leave the others without workers.
    atOnce("Reopen", PRICED, open(cast)),
    inOrder("Restore redundancy", PRICED, [
      resumeStep(
        cast.definition,
        { primary: cast.primary.record, replica: cast.replica.record.name },
        ms(cast.definition.limits.copySeconds),
      ),
      ...backupsAgain(cast),
    ]),
    ...(cast.grown ? [inOrder("Prove that the scaling group can grow", PRICED, growth(cast, cast.grown))] : []),
    ...resumeScaling(cast),
    ...(cast.definition.limits.keepSeconds > 0 ? [inOrder("Keep the way back", PRICED, [keep(cast)])] : []),
    inOrder("Let the last sessions end", PRICED, lastSessions(cast)),
    inOrder("Clean up", NONE, cleanUp(cast)),
  ];
}

function resumeScaling({ definition: { application }, loadBalancers, green: slot }: Cast): Stage[] {
  if (!application.group) return [];
  const group = application.group.name;
  return [inOrder("Resume the scaling group", PRICED, [act(resumeGroup, { group, loadBalancers, slot })])];
}

/** On exactly the primary and the replica, whoever these are by then; nothing where they never ran. */
const backupsAgain = ({ scheduled }: Cast) => (scheduled.length > 0 ? [act(resumeBackups, {})] : []);

const scheduleOf = ({ scheduled }: Cast) => (scheduled.length > 0 ? { backups: true } : {});

const mark = ({ primary, loadBalancers, standby, blueServers }: Cast) =>
  act(markReopening, {
    primary: primary.record.name,
    loadBalancers,
    wayBack: { standby: standby.name, servers: blueServers },
  });

const keep = ({ definition, to }: Cast) =>
  act(gate, {
    gate: "retire",
    question: `Release ${to} serves. Retire the old servers and the standby?`,
    deadlineMs: ms(definition.limits.keepSeconds),
    atDeadline: "go-on",
    answeredByYes: false,
    evidenceOf: [markReopening.name, resumeReplica.name],
    fix: null,
  });

function open(cast: Cast) {
  const { definition, loadBalancers } = cast;
  const names = cast.greenServers.map(({ record }) => record.name);
  const workers = definition.releases[cast.to]?.start.worker ? names.slice(0, definition.application.workers) : [];
  const health = definition.checks.health;
  return [
    act(reopen, { loadBalancers, entrance: entranceOf(definition), health }, "reopen"),
    ...startWorkers(definition, workers),
  ];
}

/** The window has ended most of them: what is open here, the old servers got since. */
const lastSessions = ({ definition, loadBalancers, slot, blueRecords }: Cast): PlanStep[] =>
  letSessionsEnd(definition, { loadBalancers, slot }, blueRecords);

const growth = ({ definition, loadBalancers, green: slot, boot }: Cast, { record, after }: GreenServer): PlanStep[] =>
  proveGrowth(definition, { record, after, pool: { loadBalancers, slot }, boot });

function cleanUp(cast: Cast): PlanStep[] {
  const { definition, loadBalancers, slot, green, testBalancer } = cast;
  const aside = [cast.standby.name, cast.spare.name, ...(testBalancer ? [testBalancer.record.name] : []), ...cast.kept];
  const gone = [...aside, ...cast.blueServers];
  return [
    act(readDisk, {}),
    act(assertInputs, {
      servers: cast.greenServers.map(({ record, after }) => ({ server: record.name, install: after })),
    }),
    act(assertNoOverrides, {}),
    act(unlockServers, { servers: [...oldServers(cast), ...newServers(cast)] }),
    act(closeTestRoute, { loadBalancers, testHost: definition.hosts.test }),
    ...decommissionSteps(cast.oldRecords),
    act(retireServers, {
      servers: cast.blueServers,
      pool: { loadBalancers, slot, sessionsMs: sessionsMs(definition) },
    }),
    act(retireServers, { servers: aside, pool: null }),
    act(pruneBackups, { keep: definition.backups.keep }),
    act(assertClean, { loadBalancers, slot: green, gone, ...scheduleOf(cast) }),
    act(readTraffic, { loadBalancers }),
  ];
}

export function afterWayBackStages(cast: Cast): Stage[] {
  const { definition, loadBalancers, slot } = cast;
  const [loadBalancer] = loadBalancers;
  return [
    inOrder("Restore redundancy after the way back", "run the same steps again", [
      act(restoreRedundancy, {
        loadBalancer: loadBalancer ?? "",
        slot,
        primary: cast.primary.record.name,
        primaryEndpoint: databaseEndpoint(definition, cast.primary.record),
        standby: cast.standby.name,
        standbyEndpoint: databaseEndpoint(definition, cast.standby),
        replica: cast.replica.record.name,
        withinMs: ms(definition.limits.syncSeconds),
        copyMs: ms(definition.limits.copySeconds),
      }),
      ...backupsAgain(cast),
      act(closeTestRoute, { loadBalancers, testHost: definition.hosts.test }),
      act(assertClean, {
        ...scheduleOf(cast),
        loadBalancers,
        slot,
        gone: [cast.spare.name, ...cast.greenServers.map(({ record }) => record.name)],
      }),
      act(readTraffic, { loadBalancers }),
    ]),
  ];
}
