/** Locks of environments: put on with a reason, taken away by anyone who asks, and heeded by whatever would change one. */
import type { Lock } from "../model/lock.ts";
import { Problem } from "../model/problem.ts";
import { findLock, putLock, removeLock } from "../store/locks.ts";
import type { Store } from "../store/store.ts";

export async function lockEnvironment(store: Store, environment: string, by: string, reason: string): Promise<Lock> {
  const there = await findLock(store, environment);
  if (there) throw isLocked(there, `environment "${environment}" is locked already`);
  const put = await putLock(store, { environment, by, reason });
  if (put && put.by === by && put.reason === reason) return put;
  throw isLocked(put, `environment "${environment}" was locked by somebody else just now`);
}

export async function unlockEnvironment(store: Store, environment: string): Promise<Lock> {
  const removed = await removeLock(store, environment);
  if (removed) return removed;
  throw new Problem("refused", {
    what: `environment "${environment}" is not locked`,
    why: "nobody locked it",
    next: `changeover status ${environment}`,
  });
}

export async function mustBeUnlocked(store: Store, environment: string, doing: string): Promise<void> {
  const lock = await findLock(store, environment);
  if (lock) throw isLocked(lock, `environment "${environment}" can't be ${doing}`);
}

const isLocked = (lock: Lock | null, what: string): Problem =>
  new Problem("refused", {
    what,
    why: lock ? `locked by ${lock.by} since ${new Date(lock.at).toISOString()}: ${lock.reason}` : "it is gone",
    next: lock ? `changeover unlock ${lock.environment}` : "changeover status",
  });
