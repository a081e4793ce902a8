/** What ended well in an environment: the plans that were carried out. */
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
