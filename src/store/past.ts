/** What ended well in an environment: the plans that were carried out. */
import { type Plan, wholeStrategies } from "../model/plan.ts";
import type { Db } from "./store.ts";

/** Those that put a release on every server, newest first. */
export async function carriedOut(db: Db, environment: string, limit = 100): Promise<Plan[]> {
  const { rows } = await db.query<{ plan: Plan }>(
    `select plans.plan from changeover.upgrades join changeover.plans on plans.hash = upgrades.plan_hash
     where upgrades.environment = $1 and upgrades.state = 'upgraded' and plans.plan ->> 'strategy' = any ($3)
       and jsonb_path_exists(plans.plan,
         '$.stages[*].steps[*].step ? (@ == "install-release" || @ == "replace-release")')
     order by upgrades.created_at desc limit $2`,
    [environment, limit, wholeStrategies],
  );
  return rows.map(({ plan }) => plan);
}

/** The last one that made the scaling group as large as it should be now; null when there was none. */
export async function lastSizing(db: Db, environment: string): Promise<Plan | null> {
  const { rows } = await db.query<{ plan: Plan }>(
    `select plans.plan from changeover.upgrades join changeover.plans on plans.hash = upgrades.plan_hash
     where upgrades.environment = $1 and upgrades.state = 'upgraded'
       and plans.plan ->> 'strategy' in ('bring-up', 'clone', 'major', 'grow-group', 'shrink-group')
     order by upgrades.created_at desc, upgrades.ended_at desc limit 1`,
    [environment],
  );
  return rows[0]?.plan ?? null;
}
