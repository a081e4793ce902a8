/** Fencing tokens: each is larger than every one before it, also over restarts. */
import type { Db } from "./store.ts";

/** A number that no other control plane on this database has or had. */
export async function takeBoot(db: Db): Promise<number> {
  const { rows } = await db.query<{ boot: string }>("select nextval('changeover.boot') as boot");
  return Number(rows[0]?.boot);
}

/** Take one for each piece of work that changes hosts: a host refuses what is older than the newest it has seen. */
export async function takeToken(db: Db): Promise<number> {
  const { rows } = await db.query<{ token: string }>("select nextval('changeover.fencing_token') as token");
  return Number(rows[0]?.token);
}
