/** After the switch: site and logs looked at, the group proven and resumed, the old servers kept, let go and retired. */
import type { PlanStep, Stage } from "../../../model/plan.ts";
import type { ServerRecord } from "../../../model/provider.ts";
import { assertClean } from "../../../steps/assert-clean.ts";
import { assertInputs } from "../../../steps/assert-inputs.ts";
import { assertNoOverrides } from "../../../steps/assert-no-overrides.ts";
import { closeTestRoute } from "../../../steps/close-test-route.ts";
import { compareGenerations } from "../../../steps/compare-generations.ts";
import { compareVersion } from "../../../steps/compare-version.ts";
import { gate } from "../../../steps/gate.ts";
import { leavePool } from "../../../steps/leave-pool.ts";
import { probeServers } from "../../../steps/probe-servers.ts";
import { pruneBackups } from "../../../steps/prune-backups.ts";
import { readDisk } from "../../../steps/read-disk.ts";
import { readTraffic } from "../../../steps/read-traffic.ts";
import { resumeGroup } from "../../../steps/resume-group.ts";
import { retireServers } from "../../../steps/retire-servers.ts";
import { scanErrors } from "../../../steps/scan-errors.ts";
import { smokeTest } from "../../../steps/smoke-test.ts";
import { haltRole } from "../../../steps/halt-role.ts";
import { tryMinor } from "../../../steps/try-minor.ts";
import { unlockServers } from "../../../steps/unlock-servers.ts";
import { decommissionSteps } from "../../boot.ts";
import { proveGrowth } from "../../growth.ts";
import { timesOf } from "../../launching.ts";
import { checksOf, entranceOf, ms } from "../../layout.ts";
import { resumeStep } from "../../replica.ts";
import { letSessionsEnd, sessionsMs } from "../../sessions.ts";
import { act, atOnce, inOrder } from "../../stage.ts";
import type { Cast } from "./cast.ts";
import { lastConnections } from "./balancers.ts";
import { version } from "./green.ts";
import { lockedServers } from "./prepare.ts";
import { AGAIN, BACK, IN_PLACE, namesOf, NONE, oldNames } from "./words.ts";

export function finishStages(cast: Cast): Stage[] {
  const { definition } = cast;
  const [back, stopped] = cast.launches ? [BACK, AGAIN] : [IN_PLACE, IN_PLACE];
  return [
    inOrder("Test the site and watch the logs", back, testSite(cast)),
    ...groupStages(cast, back),
    ...(definition.limits.keepSeconds > 0 ? [inOrder("Keep the way back", back, [keep(cast)])] : []),
    ...(cast.launches ? [inOrder("Let the last sessions end", back, lastSessions(cast))] : []),
    atOnce("Look at what stays", stopped, look(cast)),
    atOnce("Leave it to everybody again", stopped, leaveAlone(cast)),
    ...retireStages(cast),
    inOrder("See that nothing is left", NONE, lastLook(cast)),
  ];
}

/** Those that serve from now on. */
const staying = ({ balancers, loadBalancers }: Cast): string[] =>
  balancers ? balancers.next.map(({ name }) => name) : loadBalancers;

function testSite(cast: Cast): PlanStep[] {
  const { definition, serves } = cast;
  const loadBalancers = staying(cast);
  const { minor, limits } = definition;
  return [
    act(
      smokeTest,
      {
        loadBalancers,
        entrance: entranceOf(definition),
        checks: checksOf(definition, "with-clean-up"),
        healthyMs: ms(limits.healthySeconds),
      },
      "smoke",
    ),
    version(cast, cast.pairs),
    act(scanErrors, {
      ...{ loadBalancers, slot: serves, servers: namesOf(cast) },
      pattern: minor.logErrors,
      soakMs: ms(minor.soakSeconds),
      errorsPercent: minor.errorsPercent,
    }),
  ];
}

/** From here on it launches the new release; one launch shows that it can. */
function groupStages(cast: Cast, back: string): Stage[] {
  const { definition, all: loadBalancers, serves: slot, grown, boot } = cast;
  const { group } = definition.application;
  const proof = grown
    ? proveGrowth(definition, { record: grown.next, after: grown.after, pool: { loadBalancers, slot }, boot })
    : [];
  return [
    ...(proof.length > 0 ? [inOrder("Prove that the scaling group can grow", back, proof)] : []),
    ...(group
      ? [inOrder("Resume the scaling group", back, [act(resumeGroup, { group: group.name, loadBalancers, slot })])]
      : []),
  ];
}

const keep = ({ definition, to, launches }: Cast): PlanStep =>
  act(gate, {
    gate: "retire",
    question: launches
      ? `Release ${to} serves. Retire the old servers?`
      : `Release ${to} serves on every server. Give up the way back to the one before?`,
    deadlineMs: ms(definition.limits.keepSeconds),
    atDeadline: "go-on",
    answeredByYes: false,
    evidenceOf: [tryMinor.name, compareGenerations.name, compareVersion.name, scanErrors.name],
    fix: null,
  });

function lastSessions(cast: Cast): PlanStep[] {
  const { definition, all: loadBalancers, slot, serves, pairs } = cast;
  const pool = { loadBalancers, slot };
  const wait = letSessionsEnd(
    definition,
    pool,
    pairs.map(({ old }) => old),
  );
  // In the pool that goes on serving they are not left behind with their pool.
  const leave = act(leavePool, { ...pool, members: oldNames(cast), drainMs: ms(definition.limits.drainSeconds) });
  const { healthyMs, graceMs } = timesOf(definition);
  // It takes leave of who is still connected, which a load balancer can't.
  const stop = act(haltRole, {
    ...{ servers: oldNames(cast), role: "web" as const, graceMs },
    ...{ good: checksOf(definition, "with-clean-up"), healthyMs },
  });
  // One that was lost since the switch is found out while there is a way back.
  const probe = act(probeServers, {
    servers: namesOf(cast),
    good: checksOf(definition, "with-clean-up"),
    withinMs: healthyMs,
  });
  return [probe, ...lastConnections(cast), ...wait, stop, ...(serves === slot ? [leave] : [])];
}

function look({ all: loadBalancers, balancers, pairs }: Cast): PlanStep[] {
  return [
    // What the old ones have counted goes with them.
    ...(balancers ? [act(readTraffic, { loadBalancers })] : []),
    act(readDisk, {}),
    act(assertInputs, { servers: pairs.map(({ next, after }) => ({ server: next.name, install: after })) }),
    act(assertNoOverrides, {}),
  ];
}

function leaveAlone(cast: Cast): PlanStep[] {
  return [
    act(unlockServers, { servers: lockedServers(cast) }),
    act(closeTestRoute, { loadBalancers: cast.all, testHost: cast.definition.hosts.test }),
  ];
}

const oldOf = ({ launches, pairs }: Cast): ServerRecord[] => (launches ? pairs.map(({ old }) => old) : []);

/** Names of what goes beside the old application servers. */
const asideOf = ({ balancers, testBalancer, kept }: Cast): string[] => [
  ...(balancers?.old ?? []).map(({ name }) => name),
  ...(testBalancer ? [testBalancer.record.name] : []),
  ...kept.map(({ name }) => name),
];

function retireStages(cast: Cast): Stage[] {
  const { definition, all: loadBalancers, slot, serves, kept } = cast;
  const [old, aside] = [oldOf(cast), asideOf(cast)];
  const oldPool = serves === slot ? null : { loadBalancers, slot, sessionsMs: sessionsMs(definition) };
  const steps = [
    ...decommissionSteps([...old, ...kept.filter(({ kind }) => kind === "application")]),
    ...(old.length > 0 ? [act(retireServers, { servers: oldNames(cast), pool: oldPool })] : []),
    ...(aside.length > 0 ? [act(retireServers, { servers: aside, pool: null })] : []),
  ];
  return steps.length > 0 ? [inOrder("Retire what is old", NONE, steps)] : [];
}

function lastLook(cast: Cast): PlanStep[] {
  const { definition, serves, balancers, trial } = cast;
  return [
    ...(trial ? [act(pruneBackups, { keep: definition.backups.keep })] : []),
    act(assertClean, {
      loadBalancers: staying(cast),
      slot: serves,
      gone: [...asideOf(cast), ...oldOf(cast).map(({ name }) => name), ...aloneOf(cast)],
    }),
    ...(balancers ? [] : [act(readTraffic, { loadBalancers: cast.all })]),
  ];
}

/** Launched for the proof alone. */
const aloneOf = ({ trial }: Cast): string[] =>
  trial ? [trial.spare.name, ...(trial.stays ? [] : [trial.record.name])] : [];

export function afterWayBackStages(cast: Cast): Stage[] {
  const { definition, loadBalancers, slot, primary, replica, trial } = cast;
  return [
    inOrder("Leave everything as it was", "run the same steps again", [
      ...(trial && replica
        ? [
            resumeStep(
              definition,
              { primary: primary.record, replica: replica.record.name },
              ms(definition.limits.copySeconds),
            ),
          ]
        : []),
      act(closeTestRoute, { loadBalancers, testHost: definition.hosts.test }),
      act(assertClean, {
        loadBalancers,
        slot,
        gone: [
          ...(cast.launches ? namesOf(cast) : []),
          ...(cast.balancers?.next ?? []).map(({ name }) => name),
          ...aloneOf(cast),
        ],
      }),
      act(readTraffic, { loadBalancers }),
    ]),
  ];
}
