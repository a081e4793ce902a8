/** The window of a restore: page, stop, fence, keep what is there now, put the restored database in place, test, gate. */
import type { Stage } from "../../../model/plan.ts";
import { closeEndpoint } from "../../../steps/close-endpoint.ts";
import { fenceDatabase } from "../../../steps/fence-database.ts";
import { gate } from "../../../steps/gate.ts";
import { maintenanceOn } from "../../../steps/maintenance-on.ts";
import { measureRestore } from "../../../steps/measure-restore.ts";
import { openDatabase } from "../../../steps/open-database.ts";
import { pauseReplica } from "../../../steps/pause-replica.ts";
import { pointEndpoint } from "../../../steps/point-endpoint.ts";
import { restoreBackup } from "../../../steps/restore-backup.ts";
import { smokeTest } from "../../../steps/smoke-test.ts";
import { startRole } from "../../../steps/start-role.ts";
import { stopGeneration } from "../../../steps/stop-generation.ts";
import { syncStandby } from "../../../steps/sync-standby.ts";
import { checksOf, databaseEndpoint, entranceOf, ms } from "../../layout.ts";
import { act, inOrder } from "../../stage.ts";
import type { Cast } from "./cast.ts";

const BEFORE = "open the primary again and start the application; loses nothing, takes seconds";
/** How long the fenced primary's position must stand still. */
const QUIET_MS = 300;

export function windowStages(cast: Cast): Stage[] {
  return [
    inOrder("Begin the window", "start the application again and take the page away; loses nothing", begin(cast)),
    inOrder("Fence the database and keep what is there now", BEFORE, keep(cast)),
    inOrder("Put the restored database in place", BEFORE, replace(cast)),
  ];
}

/** No migration is part of a restore: the table finds none on this server. */
const whereTo = ({ loadBalancers, slot, primary, restored, servers }: Cast) => ({
  loadBalancers,
  slot,
  primary: primary.name,
  standby: restored.name,
  migrator: servers[0] ?? "",
});

function begin(cast: Cast) {
  const { definition, loadBalancers, slot, servers, workers } = cast;
  const { limits, checks } = definition;
  return [
    act(maintenanceOn, { loadBalancers, entrance: entranceOf(definition), health: checks.health }),
    act(stopGeneration, {
      servers,
      workers,
      loadBalancers,
      slot,
      health: checks.health,
      drainMs: ms(limits.drainSeconds),
      graceMs: ms(limits.stopSeconds),
      healthyMs: ms(limits.healthySeconds),
    }),
    act(closeEndpoint, whereTo(cast)),
  ];
}

/** On the replica's server, which stays in service: the old primary's goes with the next upgrade. */
function keep(cast: Cast) {
  const { definition, primary, replica, restored, spare } = cast;
  const copyMs = ms(definition.limits.copySeconds);
  return [
    act(fenceDatabase, { ...whereTo(cast), quietMs: QUIET_MS }, "fence"),
    act(
      syncStandby,
      { primary: primary.name, standby: replica.name, withinMs: ms(definition.limits.syncSeconds) },
      "sync",
    ),
    act(pauseReplica, { replica: replica.name, primary: databaseEndpoint(definition, primary) }, "sync"),
    act(
      restoreBackup,
      { source: replica.name, spare, backup: "before-restore", why: "restore" as const, copyMs },
      "snapshot",
    ),
    act(measureRestore, { primary: primary.name, restored: restored.name, copyMs }, "snapshot"),
  ];
}

function replace(cast: Cast) {
  const { definition, loadBalancers, slot, servers, primary, replica, restored } = cast;
  const { limits, checks } = definition;
  const times = { healthyMs: ms(limits.healthySeconds), graceMs: ms(limits.stopSeconds) };
  return [
    act(openDatabase, { server: restored.name, others: [primary.name, replica.name], lost: null }, "start"),
    act(
      pointEndpoint,
      { loadBalancers, slot, to: databaseEndpoint(definition, restored), database: restored.name },
      "swap",
    ),
    act(startRole, { servers, role: "web", good: checksOf(definition, "always"), ...times }, "start"),
    act(
      smokeTest,
      {
        loadBalancers,
        entrance: entranceOf(definition),
        checks: { ...checks, write: checks.write ?? null },
        healthyMs: times.healthyMs,
      },
      "smoke",
    ),
    act(gate, {
      gate: "reopen",
      question: `The application passed its smoke test on backup "${cast.held.backup.id}", behind the page. Reopen?`,
      deadlineMs: ms(limits.gateSeconds),
      atDeadline: "way-back",
      answeredByYes: true,
      evidenceOf: ["measure-restore", "restore-backup", "start-role", "smoke-test"],
      fix: null,
    }),
  ];
}
