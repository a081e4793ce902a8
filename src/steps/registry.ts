/** Every step there is, by name; a plan names no other. */
import type { StepDefinition } from "../model/step.ts";
import { assertBackup } from "./assert-backup.ts";
import { assertClean } from "./assert-clean.ts";
import { assertInputs } from "./assert-inputs.ts";
import { awaitWindow } from "./await-window.ts";
import { assertIsolated } from "./assert-isolated.ts";
import { closeEndpoint } from "./close-endpoint.ts";
import { closeTestRoute } from "./close-test-route.ts";
import { copyData } from "./copy-data.ts";
import { createDatabase } from "./create-database.ts";
import { fenceDatabase } from "./fence-database.ts";
import { freezeStandby } from "./freeze-standby.ts";
import { gate } from "./gate.ts";
import { hotFix } from "./hot-fix.ts";
import { installRelease } from "./install-release.ts";
import { joinPool } from "./join-pool.ts";
import { launchServer } from "./launch-server.ts";
import { launchStandby } from "./launch-standby.ts";
import { leavePool } from "./leave-pool.ts";
import { lendReplica } from "./lend-replica.ts";
import { lockServers } from "./lock-servers.ts";
import { maintenanceOn } from "./maintenance-on.ts";
import { markSchema } from "./mark-schema.ts";
import { markReopening } from "./mark-reopening.ts";
import { measureRestore } from "./measure-restore.ts";
import { migrate } from "./migrate.ts";
import { moveAddress } from "./move-address.ts";
import { openCopy } from "./open-copy.ts";
import { openDatabase } from "./open-database.ts";
import { openTestRoute } from "./open-test-route.ts";
import { pauseReplica } from "./pause-replica.ts";
import { pointEndpoint } from "./point-endpoint.ts";
import { pruneBackups } from "./prune-backups.ts";
import { readDisk } from "./read-disk.ts";
import { readTraffic } from "./read-traffic.ts";
import { renewAccounts } from "./renew-accounts.ts";
import { reopen } from "./reopen.ts";
import { restoreBackup } from "./restore-backup.ts";
import { restoreRedundancy } from "./restore-redundancy.ts";
import { resumeBackups } from "./resume-backups.ts";
import { resumeReplica } from "./resume-replica.ts";
import { retireServers } from "./retire-servers.ts";
import { retireSpare } from "./retire-spare.ts";
import { returnReplica } from "./return-replica.ts";
import { sameSchema } from "./same-schema.ts";
import { smokeTest } from "./smoke-test.ts";
import { startBackup } from "./start-backup.ts";
import { startLoadBalancer } from "./start-load-balancer.ts";
import { startRole } from "./start-role.ts";
import { stopGeneration } from "./stop-generation.ts";
import { stopRole } from "./stop-role.ts";
import { suspendBackups } from "./suspend-backups.ts";
import { swapPools } from "./swap-pools.ts";
import { syncStandby } from "./sync-standby.ts";
import { testIsolated } from "./test-isolated.ts";
import { tryOldRelease } from "./try-old-release.ts";
import { unlockServers } from "./unlock-servers.ts";

const all = [
  assertBackup,
  assertClean,
  assertInputs,
  awaitWindow,
  assertIsolated,
  closeEndpoint,
  closeTestRoute,
  copyData,
  createDatabase,
  fenceDatabase,
  freezeStandby,
  gate,
  hotFix,
  installRelease,
  joinPool,
  launchServer,
  launchStandby,
  leavePool,
  lendReplica,
  lockServers,
  maintenanceOn,
  markSchema,
  markReopening,
  measureRestore,
  migrate,
  moveAddress,
  openCopy,
  openDatabase,
  openTestRoute,
  pauseReplica,
  pointEndpoint,
  pruneBackups,
  readDisk,
  readTraffic,
  renewAccounts,
  reopen,
  restoreBackup,
  restoreRedundancy,
  resumeBackups,
  resumeReplica,
  retireServers,
  retireSpare,
  returnReplica,
  sameSchema,
  smokeTest,
  startBackup,
  startLoadBalancer,
  startRole,
  stopGeneration,
  stopRole,
  suspendBackups,
  swapPools,
  syncStandby,
  testIsolated,
  tryOldRelease,
  unlockServers,
] as unknown as StepDefinition[];

export const steps: ReadonlyMap<string, StepDefinition> = new Map(all.map((step) => [step.name, step]));
