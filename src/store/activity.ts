/** Table `activity`, together with how upgrades ended: newest first. */
import type { Activity, ActivityFilter } from "../model/activity.ts";
import type { Db } from "./store.ts";

interface Row {
  at: Date;
  by: string;
  environment: string | null;
  upgrade: string | null;
  says: string;
  problem: string | null;
}

export async function recordActivity(db: Db, done: Omit<Activity, "at">): Promise<void> {
  await db.query(
    "insert into changeover.activity (by, environment, upgrade, says, problem) values ($1, $2, $3, $4, $5)",
    [done.by, done.environment, done.upgrade, done.says, done.problem],
  );
}

/** What happened by itself, and what a script did on which server, is read from where it is kept anyway. */
const EVERYTHING = `
  select at, by, environment, upgrade, says, problem from changeover.activity
  union all
  select u.ended_at, 'changeover', u.environment, u.id,
    format('%s of %s ended: %s', p.plan ->> 'strategy', u.environment,
      case when p.plan ->> 'strategy' = 'run-script' and u.state = 'rolled-back' then 'stopped' else u.state end),
    u.reason
  from changeover.upgrades u join changeover.plans p on p.hash = u.plan_hash where u.ended_at is not null
  union all
  select j.result_at, u.asked_by, u.environment, u.id, j.says, j.problem ->> 'why'
  from changeover.journal j join changeover.upgrades u on u.id = j.upgrade
  where j.step = 'run-script' and j.direction = 'apply' and j.result_at is not null
  union all
  select j.result_at, 'changeover', u.environment, u.id, j.says, nullif(concat_ws('; ', j.problem ->> 'why',
    'failed: ' || (j.evidence ->> 'failed'), 'not run: ' || (j.evidence ->> 'skipped')), '')
  from changeover.journal j join changeover.upgrades u on u.id = j.upgrade
  where j.step in ('decommission-server', 'decommission-spare') and j.result_at is not null
  union all
  select g.answered_at, g.answered_by, u.environment, u.id, format('gate "%s" was %s', g.gate, g.answer), null
  from changeover.gates g join changeover.upgrades u on u.id = g.upgrade where g.answered_by in ('--yes', 'deadline')`;

export async function readActivity(db: Db, filter: ActivityFilter): Promise<Activity[]> {
  const { environment = null, upgrade = null, by = null, since = 0, limit } = filter;
  const { rows } = await db.query<Row>(
    `select a.*, coalesce(a.environment, u.environment) as environment from (${EVERYTHING}) a
     left join changeover.upgrades u on u.id = a.upgrade
     where ($1::text is null or coalesce(a.environment, u.environment) = $1) and ($2::text is null or a.upgrade = $2)
       and ($3::text is null or a.by = $3) and a.at >= $4
     order by a.at desc limit $5`,
    [environment, upgrade, by, new Date(since), limit],
  );
  return rows.map((row) => ({ ...row, at: row.at.getTime() }));
}
