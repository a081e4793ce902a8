/** Whose backup an environment is being filled from right now: the only time that it reaches another one. */
import type { Db } from "./store.ts";

/** Null unless a launch with another environment's data is unfinished; nothing else links the two. */
export async function dataSourceOf(db: Db, environment: string): Promise<string | null> {
  const { rows } = await db.query<{ source: string | null }>(
    `select step -> 'input' ->> 'environment' as source from changeover.upgrades u
       join changeover.plans p on p.hash = u.plan_hash
       cross join jsonb_path_query(p.plan, '$.stages[*].steps[*] ? (@.step == "fill-from-backup")') step
     where u.environment = $1 and u.state not in ('upgraded', 'rolled-back')`,
    [environment],
  );
  return rows[0]?.source ?? null;
}
