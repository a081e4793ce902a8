/** What ended well in an environment: plans that were carried out, and backups that were proven. */
import type { Plan } from "../model/plan.ts";
import type { Db } from "./store.ts";

/** Those that put a release on servers, newest first. */
export async function carriedOut(db: Db, environment: string, limit = 100): Promise<Plan[]> {
  const { rows } = await db.query<{ plan: Plan }>(
    `select plans.plan from changeover.upgrades join changeover.plans on plans.hash = upgrades.plan_hash
     where upgrades.environment = $1 and upgrades.state = 'upgraded'
       and jsonb_path_exists(plans.plan, '$.stages[*].steps[*] ? (@.step == "install-release")')
     order by upgrades.created_at desc limit $2`,
    [environment, limit],
  );
  return rows.map(({ plan }) => plan);
}

/** When each of these backups was last started and compared with its source; those that never were are left out. */
export async function provenAt(db: Db, environment: string, backups: readonly string[]): Promise<number[]> {
  const { rows } = await db.query<{ at: Date }>(
    `select journal.result_at as at from changeover.journal join changeover.upgrades on upgrades.id = journal.upgrade
     where upgrades.environment = $1 and journal.step = 'restore-backup' and journal.result = 'done'
       and journal.evidence ->> 'backup' = any($2)`,
    [environment, backups],
  );
  return rows.map(({ at }) => at.getTime());
}
