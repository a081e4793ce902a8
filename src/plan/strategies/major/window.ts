/** The window: page, stop, fence, sync, freeze, snapshot, migrate, start, swap, smoke test, snapshot, gate. */
import type { PlanStep, Stage } from "../../../model/plan.ts";
import { awaitWindow } from "../../../steps/await-window.ts";
import { closeEndpoint } from "../../../steps/close-endpoint.ts";
import { fenceDatabase } from "../../../steps/fence-database.ts";
import { freezeStandby } from "../../../steps/freeze-standby.ts";
import { gate } from "../../../steps/gate.ts";
import { joinPool } from "../../../steps/join-pool.ts";
import { maintenanceOn } from "../../../steps/maintenance-on.ts";
import { markReopening } from "../../../steps/mark-reopening.ts";
import { migrate } from "../../../steps/migrate.ts";
import { openDatabase } from "../../../steps/open-database.ts";
import { pauseReplica } from "../../../steps/pause-replica.ts";
import { restoreBackup } from "../../../steps/restore-backup.ts";
import { resumeReplica } from "../../../steps/resume-replica.ts";
import { smokeTest } from "../../../steps/smoke-test.ts";
import { startRole } from "../../../steps/start-role.ts";
import { stopGeneration } from "../../../steps/stop-generation.ts";
import { stopRole } from "../../../steps/stop-role.ts";
import { swapPools } from "../../../steps/swap-pools.ts";
import { syncStandby } from "../../../steps/sync-standby.ts";
import { checksOf, databaseEndpoint, entranceOf, ms } from "../../layout.ts";
import { act, inOrder } from "../../stage.ts";
import type { Cast } from "./cast.ts";

const BEFORE = "open the primary again and start the old release; loses nothing, takes seconds";
const STANDBY =
  "promote the standby that is frozen before the migration, point the old release at it, start it; loses nothing: " +
  "no write was accepted since";

/** How long the fenced primary's position must stand still. */
const QUIET_MS = 300;

export function windowStages(cast: Cast): Stage[] {
  return [
    inOrder("Begin the window", "start the old release again and take the page away; loses nothing", begin(cast)),
    inOrder("Fence the database and freeze the standby", BEFORE, freeze(cast)),
    inOrder("Migrate", STANDBY, migration(cast)),
    inOrder("Start the new release and swap", STANDBY, startAndSwap(cast)),
    inOrder("Test and take a snapshot before reopening", STANDBY, test(cast)),
  ];
}

function begin(cast: Cast) {
  const { definition, loadBalancers, slot, blueServers: servers, blueWorkers: workers, at } = cast;
  const { limits, checks, windows, freezes } = definition;
  const anyTime = at === null && windows.length === 0 && freezes.length === 0;
  return [
    ...(anyTime ? [] : [act(awaitWindow, { at, windows, freezes })]),
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
    act(closeEndpoint, {
      loadBalancers,
      slot,
      primary: cast.primary.record.name,
      standby: cast.standby.name,
      migrator: migratorOf(cast),
    }),
  ];
}

function freeze(cast: Cast) {
  const { definition, loadBalancers, slot } = cast;
  const [primary, standby] = [cast.primary.record.name, cast.standby.name];
  const migrator = migratorOf(cast);
  return [
    act(fenceDatabase, { primary, standby, loadBalancers, slot, migrator, quietMs: QUIET_MS }, "fence"),
    act(syncStandby, { primary, standby, withinMs: ms(definition.limits.syncSeconds) }, "sync"),
    act(
      freezeStandby,
      { primary, primaryEndpoint: databaseEndpoint(definition, cast.primary.record), standby },
      "sync",
    ),
    act(
      restoreBackup,
      { source: primary, spare: cast.spare, backup: "before-migration", copyMs: ms(definition.limits.copySeconds) },
      "snapshot",
    ),
  ];
}

function migration(cast: Cast) {
  const { definition, to, loadBalancers, slot } = cast;
  const primary = cast.primary.record.name;
  return [
    act(
      migrate,
      {
        of: "live",
        migrator: migratorOf(cast),
        command: definition.releases[to]?.migrate ?? "false",
        unlock: definition.releases[to]?.unlock ?? null,
        // The demo's shop then runs half of its migration and exits 1.
        inputs: cast.failAt === "migrate" ? { REHEARSE_FAILURE: "half" } : {},
        release: to,
        primary,
        primaryEndpoint: databaseEndpoint(definition, cast.primary.record),
        limitMs: ms(definition.limits.migrateSeconds),
        old: cast.standby.name,
        wayBack: { standby: cast.standby.name, loadBalancers, slot },
      },
      "migration",
    ),
    act(
      openDatabase,
      {
        server: primary,
        others: [cast.standby.name, cast.replica.record.name],
        lost: { since: markReopening.name, quietMs: QUIET_MS, exportMs: ms(definition.limits.copySeconds) },
      },
      "start",
    ),
  ];
}

function startAndSwap(cast: Cast) {
  const { definition, loadBalancers, slot, green } = cast;
  const { limits } = definition;
  const times = { healthyMs: ms(limits.healthySeconds), graceMs: ms(limits.stopSeconds) };
  const servers = cast.greenServers.map(({ record }) => record.name);
  const members = cast.greenServers.map(({ record }) => ({
    server: record.name,
    address: record.address,
    port: definition.application.port,
  }));
  return [
    act(startRole, { servers, role: "web", good: checksOf(definition, "always"), ...times }, "start"),
    act(joinPool, { loadBalancers, slot: green, members, healthyMs: times.healthyMs }, "start"),
    act(swapPools, { loadBalancers, from: slot, to: green }, "swap"),
  ];
}

function test(cast: Cast): PlanStep[] {
  const { definition, to } = cast;
  return [
    ...proveGreen(cast, "before-reopening"),
    act(gate, {
      gate: "reopen",
      question: `Release ${to} passed its smoke test behind the page. Reopen?`,
      deadlineMs: ms(definition.limits.gateSeconds),
      atDeadline: "way-back",
      answeredByYes: true,
      evidenceOf: [
        "try-old-release",
        "fence-database",
        "migrate",
        "start-role",
        "smoke-test",
        "restore-backup",
        "hot-fix",
      ],
      fix: {
        servers: cast.greenServers.map(({ record }) => record.name),
        migrator: migratorOf(cast),
        primaryEndpoint: databaseEndpoint(definition, cast.primary.record),
        limitMs: ms(definition.limits.migrateSeconds),
        again: [...restartGreen(cast), ...proveGreen(cast, "after-fix-{fix}")],
      },
    }),
  ];
}

/** What was fixed in files or in the schema counts from the next start. */
function restartGreen({ definition, greenServers }: Cast): PlanStep[] {
  const { limits } = definition;
  const servers = greenServers.map(({ record }) => record.name);
  const times = { healthyMs: ms(limits.healthySeconds), graceMs: ms(limits.stopSeconds) };
  return [
    act(stopRole, { servers, role: "web", graceMs: times.graceMs }),
    act(startRole, { servers, role: "web", good: checksOf(definition, "always"), ...times }),
  ];
}

/** The smoke test, and a snapshot of what it was passed on. */
function proveGreen(cast: Cast, backup: string): PlanStep[] {
  const { definition, loadBalancers } = cast;
  const { checks, limits } = definition;
  const primaryEndpoint = databaseEndpoint(definition, cast.primary.record);
  const replica = cast.replica.record.name;
  return [
    act(
      smokeTest,
      {
        loadBalancers,
        entrance: entranceOf(definition),
        checks: { ...checks, write: checks.write ?? null },
        healthyMs: ms(limits.healthySeconds),
      },
      "smoke",
    ),
    act(
      resumeReplica,
      { replica, primary: cast.primary.record.name, primaryEndpoint, withinMs: ms(limits.syncSeconds), reseedMs: null },
      "snapshot",
    ),
    act(pauseReplica, { replica, primary: primaryEndpoint }, "snapshot"),
    act(restoreBackup, { source: replica, spare: cast.spare, backup, copyMs: ms(limits.copySeconds) }, "snapshot"),
  ];
}

/** The first green server runs the migration: it holds the new release. */
const migratorOf = (cast: Cast): string => cast.greenServers[0]?.record.name ?? "";
