/** Every guard, in the order in which they are shown: first those without which there can be no plan. */
import { releaseCommitted, releaseUnchanged } from "./artefacts.ts";
import { backupVerified } from "./backup.ts";
import { oneWritablePrimary, replicaFollows } from "./database.ts";
import { diskHasRoom } from "./disk.ts";
import { notDrifted } from "./drift.ts";
import { noFrontEndSplit } from "./front-ends.ts";
import { type Guard, whenMigrating, type Wish } from "./guard.ts";
import { sharesNothing } from "./isolation.ts";
import { loadBalancersRun, nothingLeft, publicPasses } from "./load-balancers.ts";
import { enoughOldServers, oldServersHealthy } from "./old-servers.ts";
import { noOtherUpgrade, notLocked } from "./other-upgrade.ts";
import { nothingOverridden } from "./overrides.ts";
import { floorHolds, somethingChanges } from "./minor.ts";
import { releaseIsAnother, releaseKnown, releaseMigrates } from "./release.ts";
import { replicaInSync, replicaParallel } from "./replica.ts";
import { stagingAccepted } from "./staging.ts";
import { noLongTransaction } from "./transactions.ts";
import { notFrozen, windowOpen } from "./window.ts";

export const neededGuards: readonly Guard<Wish>[] = [
  releaseKnown,
  releaseIsAnother,
  releaseMigrates,
  noFrontEndSplit,
  loadBalancersRun,
  publicPasses,
  nothingLeft,
  oldServersHealthy,
  oneWritablePrimary,
  replicaFollows,
];

export const otherGuards: readonly Guard[] = [
  noOtherUpgrade,
  notLocked,
  nothingOverridden,
  enoughOldServers,
  notDrifted,
  sharesNothing,
  replicaInSync,
  replicaParallel,
  noLongTransaction,
  backupVerified,
  diskHasRoom,
  releaseCommitted,
  releaseUnchanged,
  stagingAccepted,
  windowOpen,
];

/** Of upgrades without downtime. A database that nothing happens to needs no replica and no backup. */
export const neededMinorGuards: readonly Guard<Wish>[] = [
  releaseKnown,
  loadBalancersRun,
  publicPasses,
  nothingLeft,
  oldServersHealthy,
  oneWritablePrimary,
  whenMigrating(replicaFollows),
];

/** Of those that put new application servers beside the old ones and leave the load balancers where they are. */
export const besideGuards: readonly Guard<Wish>[] = [...neededMinorGuards, noFrontEndSplit];

export const otherMinorGuards: readonly Guard[] = [
  somethingChanges,
  floorHolds,
  noOtherUpgrade,
  notLocked,
  nothingOverridden,
  enoughOldServers,
  notDrifted,
  sharesNothing,
  whenMigrating(replicaInSync),
  whenMigrating(noLongTransaction),
  whenMigrating(backupVerified),
  whenMigrating(diskHasRoom),
  releaseCommitted,
  releaseUnchanged,
  stagingAccepted,
  notFrozen,
];
