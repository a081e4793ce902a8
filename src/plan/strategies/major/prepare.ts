/** Before the window: the backup proven, the standby following, green launched and tested apart from the public. */
import type { PlanStep, Stage } from "../../../model/plan.ts";
import { launchStandby } from "../../../steps/launch-standby.ts";
import { leavePool } from "../../../steps/leave-pool.ts";
import { lockServers } from "../../../steps/lock-servers.ts";
import { openTestRoute } from "../../../steps/open-test-route.ts";
import { pointEndpoint } from "../../../steps/point-endpoint.ts";
import { readTraffic } from "../../../steps/read-traffic.ts";
import { stopRole } from "../../../steps/stop-role.ts";
import { suspendBackups } from "../../../steps/suspend-backups.ts";
import { suspendGroup } from "../../../steps/suspend-group.ts";
import { testIsolated } from "../../../steps/test-isolated.ts";
import { bootSteps } from "../../boot.ts";
import { followAgain, proveBackup } from "../../copy.ts";
import { install, launch, startInPool } from "../../launching.ts";
import { databaseEndpoint, entranceOf, ms } from "../../layout.ts";
import { act, atOnce, inOrder } from "../../stage.ts";
import { launchTestBalancer, testersAt } from "../../testing.ts";
import type { Cast, GreenServer } from "./cast.ts";
import { tryOnCopy } from "./trial.ts";

const FREE = "undo the steps: the public never left the old release; costs nothing";

export function prepareStages(cast: Cast): Stage[] {
  const [first, ...rest] = cast.greenServers;
  if (!first) throw new Error("a generation has at least one server");
  const installNew = ({ record, after }: GreenServer) => install(cast.definition, record.name, after);
  return [
    ...suspendScaling(cast),
    inOrder("Lock the old servers", FREE, [act(lockServers, { servers: oldServers(cast) })]),
    inOrder("Prove the backup", FREE, [act(readTraffic, { loadBalancers: cast.loadBalancers }), ...backupOf(cast)]),
    inOrder("Clone the warm standby", FREE, [
      act(launchStandby, {
        record: cast.standby,
        source: cast.primary.record.name,
        sourceEndpoint: databaseEndpoint(cast.definition, cast.primary.record),
        withinMs: ms(cast.definition.limits.syncSeconds),
        copyMs: ms(cast.definition.limits.copySeconds),
        serves: { loadBalancers: cast.loadBalancers, slot: cast.slot },
      }),
    ]),
    inOrder("Open the isolated route", FREE, openRoute(cast)),
    inOrder("Clone one server and test it with the old release", FREE, testFirst(cast, first)),
    inOrder("Try the new release on the restored copy", FREE, tryOnCopy(cast)),
    atOnce("Put the new release on as many servers as there are old ones", FREE, [
      installNew(first),
      ...rest.map(({ record }) => launch(cast.definition, record, "keep")),
    ]),
    ...bootOthers(cast, rest),
    ...(rest.length > 0 ? [atOnce("Install the new release on the others", FREE, rest.map(installNew))] : []),
    inOrder("Lock the new servers", FREE, [act(lockServers, { servers: newServers(cast) })]),
    ...(cast.scheduled.length > 0
      ? [inOrder("Suspend scheduled backups", FREE, [act(suspendBackups, { servers: cast.scheduled })])]
      : []),
  ];
}

/** First of all: what an upgrade counts must stand still from its beginning on. */
function suspendScaling({ definition: { application }, loadBalancers, slot }: Cast): Stage[] {
  if (!application.group) return [];
  const group = application.group.name;
  return [inOrder("Suspend the scaling group", FREE, [act(suspendGroup, { group, loadBalancers, slot })])];
}

/** At once: they may wait for each other's values. */
function bootOthers(cast: Cast, others: GreenServer[]): Stage[] {
  const steps = others.flatMap(({ record }) => bootSteps(cast.boot, record, "keep"));
  return steps.length === 0 ? [] : [atOnce("Boot the other new servers", FREE, steps)];
}

export const oldServers = (cast: Cast): string[] => [
  ...cast.loadBalancers,
  ...cast.blueServers,
  cast.primary.record.name,
  cast.replica.record.name,
];

export const newServers = (cast: Cast): string[] => [
  cast.standby.name,
  ...cast.greenServers.map(({ record }) => record.name),
];

function backupOf({ definition, primary, replica, spare }: Cast): PlanStep[] {
  const databases = { primary: primary.record, replica: replica.record, spare };
  return [...proveBackup(definition, databases), followAgain(definition, databases)];
}

/** Green reaches its database through the load balancers that serve, also while it is tested behind one of its own. */
function openRoute(cast: Cast): PlanStep[] {
  const { definition, loadBalancers, testBalancer, green, primary } = cast;
  const to = databaseEndpoint(definition, primary.record);
  return [
    act(pointEndpoint, { loadBalancers, slot: green, to, database: primary.record.name }),
    ...(testBalancer ? launchTestBalancer(definition, testBalancer) : []),
    act(openTestRoute, { loadBalancers: testersAt(cast), slot: green, testHost: definition.hosts.test }),
  ];
}

function testFirst({ definition, green: slot, ...cast }: Cast, { record, before }: GreenServer): PlanStep[] {
  const { limits, checks } = definition;
  const { name } = record;
  const loadBalancers = testersAt(cast);
  return [
    launch(definition, record, "keep"),
    ...bootSteps(cast.boot, record, "keep"),
    install(definition, name, before),
    ...startInPool(definition, [record], { loadBalancers, slot }),
    act(testIsolated, { loadBalancers, entrance: entranceOf(definition), checks: [checks.health, ...checks.read] }),
    act(leavePool, { loadBalancers, slot, members: [name], drainMs: ms(limits.drainSeconds) }),
    act(stopRole, { servers: [name], role: "web", graceMs: ms(limits.stopSeconds) }),
  ];
}
