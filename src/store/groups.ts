/** Table `groups`: what people decided about scaling groups; and what was tried with them, read from the runs. */
import type { SetByPeople } from "../model/group/bounds.ts";
import type { Resize } from "../model/group/history.ts";
import type { GroupState } from "../model/group/life.ts";
import type { Db } from "./store.ts";

export interface GroupOf {
  environment: string;
  group: string;
}

/** Null while nobody has said anything about it. */
export async function findGroup(db: Db, { environment, group }: GroupOf): Promise<GroupState | null> {
  const { rows } = await db.query<
    Omit<GroupState, "since" | "failuresFrom"> & { since: Date | null; from: Date | null }
  >(
    `select enabled, by, since, reason, enabled_at as "from", min, max from changeover.groups
     where environment = $1 and name = $2`,
    [environment, group],
  );
  if (!rows[0]) return null;
  const { since, from, ...said } = rows[0];
  return { ...said, since: since?.getTime() ?? null, failuresFrom: from?.getTime() ?? null };
}

/** When it is enabled, failures are counted anew. */
export async function sayEnabled(
  db: Db,
  { environment, group }: GroupOf,
  { enabled, by, reason }: Pick<GroupState, "enabled" | "reason"> & { by: string },
): Promise<void> {
  await db.query(
    `insert into changeover.groups (environment, name, enabled, by, reason, since, enabled_at)
     values ($1, $2, $3, $4, $5, now(), case when $3 then now() end)
     on conflict (environment, name) do update
       set enabled = excluded.enabled, by = excluded.by, reason = excluded.reason, since = now(),
         enabled_at = coalesce(excluded.enabled_at, groups.enabled_at)`,
    [environment, group, enabled, by, reason],
  );
}

/** Whether it is enabled stays as it is: `enabled` is for one of which nothing was said yet. */
export async function sayBounds(
  db: Db,
  { environment, group }: GroupOf,
  { min, max, enabled }: SetByPeople & Pick<GroupState, "enabled">,
): Promise<void> {
  await db.query(
    `insert into changeover.groups (environment, name, enabled, min, max) values ($1, $2, $3, $4, $5)
     on conflict (environment, name) do update set min = excluded.min, max = excluded.max`,
    [environment, group, enabled, min, max],
  );
}

/** With its votes. */
export async function forgetGroup(db: Db, { environment, group }: GroupOf): Promise<void> {
  await db.query("delete from changeover.votes where environment = $1 and group_name = $2", [environment, group]);
  await db.query("delete from changeover.groups where environment = $1 and name = $2", [environment, group]);
}

const TRIES = 50;

/** Those that are over, newest first. A launch counts as soon as it was meant, whatever became of it. */
export async function resizesOf(db: Db, { environment, group }: GroupOf): Promise<Resize[]> {
  const { rows } = await db.query<{ strategy: string; ended_at: Date; good: boolean; launched: number }>(
    `select p.plan ->> 'strategy' as strategy, u.ended_at, u.state = 'upgraded' as good,
       (select count(distinct j.step_index)::int from changeover.journal j
        where j.upgrade = u.id and j.step = 'launch-server' and j.direction = 'apply') as launched
     from changeover.upgrades u join changeover.plans p on p.hash = u.plan_hash
     where u.environment = $1 and u.ended_at is not null and p.plan ->> 'strategy' in ('grow-group', 'shrink-group')
       and p.plan #>> '{stages,0,steps,0,input,group}' = $2
     order by u.ended_at desc limit $3`,
    [environment, group, TRIES],
  );
  return rows.map(({ strategy, ended_at, good, launched }) => ({
    kind: strategy === "grow-group" ? "grow" : "shrink",
    at: ended_at.getTime(),
    good,
    launched,
  }));
}
