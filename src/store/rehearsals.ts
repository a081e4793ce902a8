/** Table `rehearsals`: one row per rehearsal, at most one of them unfinished for an environment. */
import type { Rehearsal, RehearsalResult, RehearsalState } from "../model/rehearsal.ts";
import type { UpgradeStrategy } from "../model/plan.ts";
import type { ProblemData } from "../model/upgrade.ts";
import type { Db } from "./store.ts";

interface Row {
  id: string;
  environment: string;
  clone: string;
  to_release: string;
  strategy: UpgradeStrategy;
  fail_at: string | null;
  state: RehearsalState;
  asked_by: string;
  created_at: Date;
  ended_at: Date | null;
  cancelled_by: string | null;
  problem: ProblemData | null;
  result: RehearsalResult | null;
}

const fromRow = (row: Row): Rehearsal => ({
  id: row.id,
  environment: row.environment,
  clone: row.clone,
  to: row.to_release,
  strategy: row.strategy,
  failAt: row.fail_at,
  state: row.state,
  askedBy: row.asked_by,
  createdAt: row.created_at.getTime(),
  endedAt: row.ended_at?.getTime() ?? null,
  cancelledBy: row.cancelled_by,
  problem: row.problem,
  result: row.result,
});

const UNFINISHED = "state not in ('rehearsed', 'failed')";

export type NewRehearsal = Pick<Rehearsal, "id" | "environment" | "clone" | "to" | "strategy" | "failAt" | "askedBy">;

/** False when there is an unfinished one already. */
export async function insertRehearsal(db: Db, made: NewRehearsal): Promise<boolean> {
  const { rowCount } = await db.query(
    `insert into changeover.rehearsals (id, environment, clone, to_release, strategy, fail_at, asked_by)
     values ($1, $2, $3, $4, $5, $6, $7) on conflict (environment) where ${UNFINISHED} do nothing`,
    [made.id, made.environment, made.clone, made.to, made.strategy, made.failAt, made.askedBy],
  );
  return rowCount === 1;
}

export async function findRehearsal(db: Db, id: string): Promise<Rehearsal | null> {
  const { rows } = await db.query<Row>("select * from changeover.rehearsals where id = $1", [id]);
  return rows[0] ? fromRow(rows[0]) : null;
}

/** Of an environment; the unfinished one comes first, because nothing begins before it has ended. */
export async function latestRehearsal(db: Db, environment: string): Promise<Rehearsal | null> {
  const { rows } = await db.query<Row>(
    "select * from changeover.rehearsals where environment = $1 order by created_at desc limit 1",
    [environment],
  );
  return rows[0] ? fromRow(rows[0]) : null;
}

export async function unfinishedRehearsals(db: Db): Promise<Rehearsal[]> {
  const { rows } = await db.query<Row>(`select * from changeover.rehearsals where ${UNFINISHED} order by created_at`);
  return rows.map(fromRow);
}

/** Inside a transaction: null when it has ended, or when somebody else moves it on right now. */
export async function holdRehearsal(db: Db, id: string): Promise<Rehearsal | null> {
  const { rows } = await db.query<Row>(
    `select * from changeover.rehearsals where id = $1 and ${UNFINISHED} for update skip locked`,
    [id],
  );
  return rows[0] ? fromRow(rows[0]) : null;
}

export async function moveRehearsal(
  db: Db,
  id: string,
  to: { state: RehearsalState; problem?: ProblemData | null; result?: RehearsalResult | null },
): Promise<void> {
  await db.query(
    `update changeover.rehearsals set state = $2, problem = coalesce(problem, $3), result = coalesce($4, result),
       ended_at = case when $2 in ('rehearsed', 'failed') then now() end where id = $1`,
    [id, to.state, to.problem ? JSON.stringify(to.problem) : null, to.result ? JSON.stringify(to.result) : null],
  );
}

/** Waits for whoever moves it on; false when it has ended. */
export async function cancelRehearsal(db: Db, id: string, by: string): Promise<boolean> {
  const { rowCount } = await db.query(
    `update changeover.rehearsals set cancelled_by = coalesce(cancelled_by, $2) where id = $1 and ${UNFINISHED}`,
    [id, by],
  );
  return rowCount === 1;
}

/** The rehearsal to which the environment lends a replica right now. */
export async function lentTo(db: Db, environment: string): Promise<string | null> {
  const { rows } = await db.query<{ id: string }>(
    "select id from changeover.rehearsals where environment = $1 and state = 'bringing-up'",
    [environment],
  );
  return rows[0]?.id ?? null;
}
