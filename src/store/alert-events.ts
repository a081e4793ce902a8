/** Tables `alert_events` and `alert_watches`: what happened with alerts, and which control plane watches an environment. */
import type { Entry } from "../model/alerts/round.ts";
import type { AlertTask, Outcome } from "../model/alerts/task.ts";
import type { Db } from "./store.ts";

export interface AlertEvent extends Omit<Entry, "task"> {
  id: number;
  alert: string;
  target: string;
  /** Milliseconds since 1970. */
  at: number;
  synthetic: boolean;
  /** Of an action that has ended. */
  outcome: Outcome["outcome"] | null;
  why: string | null;
}

export interface NewEvents extends Pick<AlertEvent, "alert" | "target" | "at" | "synthetic"> {
  environment: string;
  /** The control plane that does what is to be done. */
  boot: number;
  entries: readonly Entry[];
}

/** An action that somebody has to do, and then to end. */
export interface Begun {
  id: number;
  task: AlertTask;
}

/** So many of each environment are kept. */
const KEPT = 1_000;

/** Gives what is to be done, in order. */
export async function recordEvents(db: Db, events: NewEvents): Promise<Begun[]> {
  const { environment, alert, target, at, synthetic, boot, entries } = events;
  if (entries.length === 0) return [];
  const { rows } = await db.query<{ id: string; task: AlertTask | null }>(
    `insert into changeover.alert_events (environment, alert, target, at, synthetic, event, says, task, boot)
     select $1, $2, $3, $4, $5, entry ->> 'event', entry ->> 'says', nullif(entry -> 'task', 'null'),
       case when entry -> 'task' <> 'null' then $6::bigint end
     from jsonb_array_elements($7) with ordinality as new (entry, place) order by place
     returning id, task`,
    [environment, alert, target, new Date(at), synthetic, boot, JSON.stringify(entries)],
  );
  await forgetOldEvents(db, environment);
  return rows.flatMap(({ id, task }) => (task ? [{ id: Number(id), task }] : []));
}

const forgetOldEvents = (db: Db, environment: string) =>
  db.query(
    `delete from changeover.alert_events where environment = $1 and id <=
       (select id from changeover.alert_events where environment = $1 order by id desc offset $2 limit 1)`,
    [environment, KEPT],
  );

export async function endAction(db: Db, id: number, { outcome, why }: Outcome): Promise<void> {
  await db.query("update changeover.alert_events set outcome = $2, why = $3 where id = $1", [id, outcome, why]);
}

interface Row extends Omit<AlertEvent, "id" | "at"> {
  id: string;
  at: Date;
}

/** Newest first; of one alert only, when it is named. */
export async function alertEvents(
  db: Db,
  environment: string,
  { alert = null, limit }: { alert?: string | null; limit: number },
): Promise<AlertEvent[]> {
  const { rows } = await db.query<Row>(
    `select id, alert, target, at, event, says, synthetic, outcome, why from changeover.alert_events
     where environment = $1 and ($2::text is null or alert = $2) order by id desc limit $3`,
    [environment, alert, limit],
  );
  return rows.map((row) => ({ ...row, id: Number(row.id), at: row.at.getTime() }));
}

/** Actions that another control plane began before that time and did not end; from now on they are this one's. */
export async function takeOverActions(
  db: Db,
  environment: string,
  { boot, before }: { boot: number; before: number },
): Promise<Begun[]> {
  const { rows } = await db.query<{ id: string; task: AlertTask }>(
    `update changeover.alert_events set boot = $2
     where environment = $1 and event = 'action' and outcome is null and boot <> $2 and at < $3
     returning id, task`,
    [environment, boot, new Date(before)],
  );
  return rows.map(({ id, task }) => ({ id: Number(id), task }));
}

/** True when this control plane watches the environment until then; false when another one does. */
export async function keepWatch(
  db: Db,
  environment: string,
  { boot, now, until }: { boot: number; now: number; until: number },
): Promise<boolean> {
  const { rowCount } = await db.query(
    `insert into changeover.alert_watches as w (environment, boot, until) values ($1, $2, $3)
     on conflict (environment) do update set boot = excluded.boot, until = excluded.until
     where w.boot = excluded.boot or w.until <= $4`,
    [environment, boot, new Date(until), new Date(now)],
  );
  return rowCount === 1;
}

/** Whoever comes next need not wait. `boot` null: of every control plane, by one that knows that it is alone. */
export async function endWatches(db: Db, boot: number | null): Promise<void> {
  await db.query("delete from changeover.alert_watches where $1::bigint is null or boot = $1", [boot]);
}
