/** Table `control_requests`: who asked for what, when and why. */
import type { ControlRequest, Verb } from "../model/upgrade.ts";
import type { Db } from "./store.ts";

export async function recordRequest(db: Db, upgrade: string, verb: Verb, by: string, reason: string): Promise<void> {
  await db.query("insert into changeover.control_requests (upgrade, verb, by, reason) values ($1, $2, $3, $4)", [
    upgrade,
    verb,
    by,
    reason,
  ]);
}

export async function requestsFor(db: Db, upgrade: string): Promise<ControlRequest[]> {
  const { rows } = await db.query<Omit<ControlRequest, "at"> & { at: Date }>(
    "select upgrade, verb, by, at, reason from changeover.control_requests where upgrade = $1 order by id",
    [upgrade],
  );
  return rows.map((row) => ({ ...row, at: row.at.getTime() }));
}
