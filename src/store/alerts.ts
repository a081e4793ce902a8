/** Tables `alert_states` and `alert_quenches`: where each alert stands, and which are kept quiet. */
import type { AlertState } from "../model/alerts/engine.ts";
import type { Db } from "./store.ts";

export interface SavedAlert {
  alert: string;
  target: string;
  state: AlertState;
}

export async function alertStates(db: Db, environment: string): Promise<SavedAlert[]> {
  const { rows } = await db.query<SavedAlert>(
    "select alert, target, state from changeover.alert_states where environment = $1 order by alert, target",
    [environment],
  );
  return rows;
}

export async function saveAlertStates(db: Db, environment: string, saved: readonly SavedAlert[]): Promise<void> {
  await db.query(
    `insert into changeover.alert_states (environment, alert, target, state)
     select $1, alert, target, state from jsonb_to_recordset($2) as new (alert text, target text, state jsonb)
     on conflict (environment, alert, target) do update set state = excluded.state`,
    [environment, JSON.stringify(saved)],
  );
}

export async function forgetAlertStates(
  db: Db,
  environment: string,
  gone: readonly Pick<SavedAlert, "alert" | "target">[],
): Promise<void> {
  await db.query(
    `delete from changeover.alert_states s using jsonb_to_recordset($2) as gone (alert text, target text)
     where s.environment = $1 and s.alert = gone.alert and s.target = gone.target`,
    [environment, JSON.stringify(gone)],
  );
}

export interface Quench {
  alert: string;
  /** Milliseconds since 1970. */
  until: number;
  by: string;
  reason: string;
}

/** Those that hold at this time. */
export async function quenchesOf(db: Db, environment: string, now: number): Promise<Quench[]> {
  const { rows } = await db.query<Omit<Quench, "until"> & { until: Date }>(
    "select alert, until, by, reason from changeover.alert_quenches where environment = $1 and until > $2 order by alert",
    [environment, new Date(now)],
  );
  return rows.map((row) => ({ ...row, until: row.until.getTime() }));
}

/** The last word counts. */
export async function putQuench(db: Db, environment: string, { alert, until, by, reason }: Quench): Promise<void> {
  await db.query(
    `insert into changeover.alert_quenches (environment, alert, until, by, reason) values ($1, $2, $3, $4, $5)
     on conflict (environment, alert) do update
     set until = excluded.until, by = excluded.by, reason = excluded.reason`,
    [environment, alert, new Date(until), by, reason],
  );
}

export async function removeQuench(db: Db, environment: string, alert: string): Promise<boolean> {
  const { rowCount } = await db.query("delete from changeover.alert_quenches where environment = $1 and alert = $2", [
    environment,
    alert,
  ]);
  return (rowCount ?? 0) > 0;
}
