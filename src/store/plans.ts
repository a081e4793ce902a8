/** Table `plans`: each plan once, by its hash. */
import { type Plan, planHash } from "../model/plan.ts";
import type { Db } from "./store.ts";

/** Gives the hash. The same plan again is the same row. */
export async function savePlan(db: Db, plan: Plan): Promise<string> {
  const hash = planHash(plan);
  await db.query(
    "insert into changeover.plans (hash, environment, plan) values ($1, $2, $3) on conflict (hash) do nothing",
    [hash, plan.environment, JSON.stringify(plan)],
  );
  return hash;
}

export async function findPlan(db: Db, hash: string): Promise<Plan | null> {
  const { rows } = await db.query<{ plan: Plan }>("select plan from changeover.plans where hash = $1", [hash]);
  return rows[0]?.plan ?? null;
}

/** What kind of run it is, without the rest of it. */
export async function strategyOf(db: Db, hash: string): Promise<Plan["strategy"] | null> {
  const { rows } = await db.query<{ strategy: Plan["strategy"] }>(
    "select plan ->> 'strategy' as strategy from changeover.plans where hash = $1",
    [hash],
  );
  return rows[0]?.strategy ?? null;
}
