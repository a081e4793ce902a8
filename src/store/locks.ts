/** Table `locks`: who keeps an environment from being changed, since when and why. */
import type { Lock } from "../model/lock.ts";
import type { Db } from "./store.ts";

type Row = Omit<Lock, "at"> & { at: Date };

/** Gives the lock that is there afterwards: the first one stays. */
export async function putLock(db: Db, lock: Pick<Lock, "environment" | "reason" | "by">): Promise<Lock | null> {
  await db.query(
    "insert into changeover.locks (environment, reason, by) values ($1, $2, $3) on conflict (environment) do nothing",
    [lock.environment, lock.reason, lock.by],
  );
  return findLock(db, lock.environment);
}

export async function findLock(db: Db, environment: string): Promise<Lock | null> {
  const { rows } = await db.query<Row>(
    "select environment, reason, by, at from changeover.locks where environment = $1",
    [environment],
  );
  return rows[0] ? { ...rows[0], at: rows[0].at.getTime() } : null;
}

/** Gives the lock that was there. */
export async function removeLock(db: Db, environment: string): Promise<Lock | null> {
  const { rows } = await db.query<Row>(
    "delete from changeover.locks where environment = $1 returning environment, reason, by, at",
    [environment],
  );
  return rows[0] ? { ...rows[0], at: rows[0].at.getTime() } : null;
}
