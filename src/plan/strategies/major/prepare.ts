/** Before the window: the backup proven, the standby following, green launched and tested apart from the public. */
import type { Stage } from "../../../model/plan.ts";
import { installRelease } from "../../../steps/install-release.ts";
import { joinPool } from "../../../steps/join-pool.ts";
import { launchServer } from "../../../steps/launch-server.ts";
import { launchStandby } from "../../../steps/launch-standby.ts";
import { leavePool } from "../../../steps/leave-pool.ts";
import { openTestRoute } from "../../../steps/open-test-route.ts";
import { pauseReplica } from "../../../steps/pause-replica.ts";
import { pointEndpoint } from "../../../steps/point-endpoint.ts";
import { readTraffic } from "../../../steps/read-traffic.ts";
import { restoreBackup } from "../../../steps/restore-backup.ts";
import { resumeReplica } from "../../../steps/resume-replica.ts";
import { retireSpare } from "../../../steps/retire-spare.ts";
import { startRole } from "../../../steps/start-role.ts";
import { stopRole } from "../../../steps/stop-role.ts";
import { testIsolated } from "../../../steps/test-isolated.ts";
import { databaseEndpoint, entranceOf, ms } from "../../layout.ts";
import { act, atOnce, inOrder } from "../../stage.ts";
import { type Cast, DRILL, type GreenServer } from "./cast.ts";

const FREE = "undo the steps: the public never left the old release; costs nothing";

export function prepareStages(cast: Cast): Stage[] {
  const [first, ...rest] = cast.greenServers;
  if (!first) throw new Error("a generation has at least one server");
  return [
    inOrder("Prove the backup", FREE, [act(readTraffic, { loadBalancers: cast.loadBalancers }), ...proveBackup(cast)]),
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
    atOnce("Put the new release on as many servers as there are old ones", FREE, [
      install(cast, first),
      ...rest.map((server) => launch(cast, server)),
    ]),
    ...(rest.length > 0
      ? [
          atOnce(
            "Install the new release on the others",
            FREE,
            rest.map((server) => install(cast, server)),
          ),
        ]
      : []),
  ];
}

function proveBackup(cast: Cast) {
  const primaryEndpoint = databaseEndpoint(cast.definition, cast.primary.record);
  const replica = cast.replica.record.name;
  return [
    act(pauseReplica, { replica, primary: primaryEndpoint }),
    act(restoreBackup, {
      source: replica,
      spare: cast.spare,
      backup: DRILL,
      copyMs: ms(cast.definition.limits.copySeconds),
    }),
    act(resumeReplica, {
      replica,
      primary: cast.primary.record.name,
      primaryEndpoint,
      withinMs: ms(cast.definition.limits.syncSeconds),
      reseedMs: null,
    }),
    act(retireSpare, { spare: cast.spare.name }),
  ];
}

function openRoute({ definition, loadBalancers, green, primary }: Cast) {
  const to = databaseEndpoint(definition, primary.record);
  return [
    act(pointEndpoint, { loadBalancers, slot: green, to, database: primary.record.name }),
    act(openTestRoute, { loadBalancers, slot: green, testHost: definition.hosts.test }),
  ];
}

function testFirst(cast: Cast, server: GreenServer) {
  const { definition, loadBalancers, green } = cast;
  const { limits, checks } = definition;
  const times = { healthyMs: ms(limits.healthySeconds), graceMs: ms(limits.stopSeconds) };
  const { name, address } = server.record;
  const asked = [checks.health, ...checks.read];
  return [
    launch(cast, server),
    act(installRelease, { server: name, install: server.before, limitMs: ms(limits.prepareSeconds) + 60_000 }),
    act(startRole, { servers: [name], role: "web", checks: asked, ...times }),
    act(joinPool, {
      loadBalancers,
      slot: green,
      members: [{ server: name, address, port: definition.application.port }],
      healthyMs: times.healthyMs,
    }),
    act(testIsolated, { loadBalancers, entrance: entranceOf(definition), checks: asked }),
    act(leavePool, { loadBalancers, slot: green, members: [name], drainMs: ms(limits.drainSeconds) }),
    act(stopRole, { servers: [name], role: "web", graceMs: times.graceMs }),
  ];
}

const launch = (cast: Cast, { record }: GreenServer) =>
  act(launchServer, { record, ports: [cast.definition.application.port], onUndo: "keep" });

const install = (cast: Cast, { record, after }: GreenServer) =>
  act(installRelease, {
    server: record.name,
    install: after,
    limitMs: ms(cast.definition.limits.prepareSeconds) + 60_000,
  });
