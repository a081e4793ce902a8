/** Table `locks`: who keeps an environment, or one of its servers, from being changed, since when and why. */
import type { Lock } from "../model/lock.ts";
import type { Db } from "./store.ts";

type Row = Omit<Lock, "at"> & { at: Date };
type Subject = Pick<Lock, "environment" | "server">;

const fromRow = (row: Row): Lock => ({ ...row, at: row.at.getTime() });

/** False when it is locked already: the first lock stays. */
export async function putLock(db: Db, lock: Omit<Lock, "at">): Promise<boolean> {
  const { rowCount } = await db.query(
    `insert into changeover.locks (environment, server, reason, by) values ($1, $2, $3, $4)
     on conflict (environment, coalesce(server, '')) do nothing`,
    [lock.environment, lock.server, lock.reason, lock.by],
  );
  return rowCount === 1;
}

/** The environment's own first, then those of its servers. */
export async function locksOf(db: Db, environment: string): Promise<Lock[]> {
  const { rows } = await db.query<Row>(
    `select environment, server, reason, by, at from changeover.locks where environment = $1
     order by server nulls first`,
    [environment],
  );
  return rows.map(fromRow);
}

/** Gives the lock that was there. */
export async function removeLock(db: Db, { environment, server }: Subject): Promise<Lock | null> {
  const { rows } = await db.query<Row>(
    `delete from changeover.locks where environment = $1 and coalesce(server, '') = coalesce($2, '')
     returning environment, server, reason, by, at`,
    [environment, server],
  );
  return rows[0] ? fromRow(rows[0]) : null;
}
