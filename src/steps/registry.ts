/** Every step there is, by name; a plan names no other. */
import type { StepDefinition } from "../model/step.ts";
import { assertApart } from "./assert-apart.ts";
import { assertBackup } from "./assert-backup.ts";
import { assertClean } from "./assert-clean.ts";
import { assertGroup } from "./assert-group.ts";
import { assertInputs } from "./assert-inputs.ts";
import { assertIsolated } from "./assert-isolated.ts";
import { assertNoOverrides } from "./assert-no-overrides.ts";
import { assertSchemaKept } from "./assert-schema-kept.ts";
import { awaitCaches } from "./await-caches.ts";
import { awaitNoSessions } from "./await-no-sessions.ts";
import { awaitQuietLoadBalancer } from "./await-quiet-load-balancer.ts";
import { awaitWindow } from "./await-window.ts";
import { bootServer } from "./boot-server.ts";
import { closeEndpoint } from "./close-endpoint.ts";
import { closeTestRoute } from "./close-test-route.ts";
import { compareGenerations } from "./compare-generations.ts";
import { compareVersion } from "./compare-version.ts";
import { copyData } from "./copy-data.ts";
import { copyLoadBalancer } from "./copy-load-balancer.ts";
import { createDatabase } from "./create-database.ts";
import { decommissionServer, decommissionSpare } from "./decommission-server.ts";
import { drainMembers } from "./drain-members.ts";
import { endInstance } from "./end-instance.ts";
import { fenceDatabase } from "./fence-database.ts";
import { fillFromBackup } from "./fill-from-backup.ts";
import { forceOperational } from "./force-operational.ts";
import { freezeStandby } from "./freeze-standby.ts";
import { gate } from "./gate.ts";
import { haltRole } from "./halt-role.ts";
import { hotFix } from "./hot-fix.ts";
import { installRelease } from "./install-release.ts";
import { joinPool } from "./join-pool.ts";
import { labelServer } from "./label-server.ts";
import { launchServer } from "./launch-server.ts";
import { launchStandby } from "./launch-standby.ts";
import { leavePool } from "./leave-pool.ts";
import { leaveService } from "./leave-service.ts";
import { lendReplica } from "./lend-replica.ts";
import { lockServers } from "./lock-servers.ts";
import { maintenanceOn } from "./maintenance-on.ts";
import { markReopening } from "./mark-reopening.ts";
import { markSchema } from "./mark-schema.ts";
import { measureRestore } from "./measure-restore.ts";
import { migrate } from "./migrate.ts";
import { moveAddress } from "./move-address.ts";
import { moveName } from "./move-name.ts";
import { noteErrors } from "./note-errors.ts";
import { noteSchema } from "./note-schema.ts";
import { openCopy } from "./open-copy.ts";
import { openDatabase } from "./open-database.ts";
import { openTestRoute } from "./open-test-route.ts";
import { pauseReplica } from "./pause-replica.ts";
import { pointEndpoint } from "./point-endpoint.ts";
import { probeServers } from "./probe-servers.ts";
import { pruneBackups } from "./prune-backups.ts";
import { putAside } from "./put-aside.ts";
import { readDisk } from "./read-disk.ts";
import { readTraffic } from "./read-traffic.ts";
import { renewAccounts } from "./renew-accounts.ts";
import { reopen } from "./reopen.ts";
import { bringRelease } from "./bring-release.ts";
import { replaceRelease } from "./replace-release.ts";
import { restoreBackup } from "./restore-backup.ts";
import { restoreRedundancy } from "./restore-redundancy.ts";
import { resumeBackups } from "./resume-backups.ts";
import { resumeGroup } from "./resume-group.ts";
import { resumeReplica } from "./resume-replica.ts";
import { retireServers } from "./retire-servers.ts";
import { retireSpare } from "./retire-spare.ts";
import { returnReplica } from "./return-replica.ts";
import { runScript } from "./run-script.ts";
import { sameAsTried } from "./same-as-tried.ts";
import { sameSchema } from "./same-schema.ts";
import { scanErrors } from "./scan-errors.ts";
import { shareTraffic } from "./share-traffic.ts";
import { smokeTest } from "./smoke-test.ts";
import { startBackup } from "./start-backup.ts";
import { startLoadBalancer } from "./start-load-balancer.ts";
import { startRole } from "./start-role.ts";
import { stopGeneration } from "./stop-generation.ts";
import { stopRole } from "./stop-role.ts";
import { suspendBackups } from "./suspend-backups.ts";
import { suspendGroup } from "./suspend-group.ts";
import { swapPools } from "./swap-pools.ts";
import { syncStandby } from "./sync-standby.ts";
import { testIsolated } from "./test-isolated.ts";
import { tryMinor } from "./try-minor.ts";
import { tryOldRelease } from "./try-old-release.ts";
import { unlockServers } from "./unlock-servers.ts";

const all = [
  assertApart,
  assertBackup,
  assertClean,
  assertGroup,
  assertInputs,
  assertIsolated,
  assertNoOverrides,
  assertSchemaKept,
  awaitCaches,
  awaitNoSessions,
  awaitQuietLoadBalancer,
  awaitWindow,
  bootServer,
  closeEndpoint,
  closeTestRoute,
  compareGenerations,
  compareVersion,
  copyData,
  copyLoadBalancer,
  createDatabase,
  decommissionServer,
  decommissionSpare,
  drainMembers,
  endInstance,
  fenceDatabase,
  fillFromBackup,
  forceOperational,
  freezeStandby,
  gate,
  haltRole,
  hotFix,
  installRelease,
  joinPool,
  labelServer,
  launchServer,
  launchStandby,
  leavePool,
  leaveService,
  lendReplica,
  lockServers,
  maintenanceOn,
  markReopening,
  markSchema,
  measureRestore,
  migrate,
  moveAddress,
  moveName,
  noteErrors,
  noteSchema,
  openCopy,
  openDatabase,
  openTestRoute,
  pauseReplica,
  pointEndpoint,
  probeServers,
  pruneBackups,
  putAside,
  readDisk,
  readTraffic,
  renewAccounts,
  reopen,
  bringRelease,
  replaceRelease,
  restoreBackup,
  restoreRedundancy,
  resumeBackups,
  resumeGroup,
  resumeReplica,
  retireServers,
  retireSpare,
  returnReplica,
  runScript,
  sameAsTried,
  sameSchema,
  scanErrors,
  shareTraffic,
  smokeTest,
  startBackup,
  startLoadBalancer,
  startRole,
  stopGeneration,
  stopRole,
  suspendBackups,
  suspendGroup,
  swapPools,
  syncStandby,
  testIsolated,
  tryMinor,
  tryOldRelease,
  unlockServers,
] as unknown as StepDefinition[];

export const steps: ReadonlyMap<string, StepDefinition> = new Map(all.map((step) => [step.name, step]));
