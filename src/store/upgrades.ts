/** Table `upgrades`: one row per upgrade, at most one of them unfinished in an environment. */
import type { Forecast } from "../model/forecast.ts";
import type { Loss } from "../model/loss.ts";
import { wholeStrategies } from "../model/plan.ts";
import type { ProblemData, UpgradeOptions, UpgradeRecord, UpgradeState } from "../model/upgrade.ts";
import type { Db } from "./store.ts";

export type Entry = "forward" | "way-back";

interface Row {
  id: string;
  environment: string;
  plan_hash: string;
  state: UpgradeState;
  options: UpgradeOptions;
  asked_by: string;
  created_at: Date;
  started_at: Date | null;
  ended_at: Date | null;
  reason: string | null;
  problem: ProblemData | null;
  way_back_at: Date | null;
  way_back_by: string | null;
  way_back_reason: string | null;
  paused_at: Date | null;
  paused_by: string | null;
  abort_at: Date | null;
  abort_by: string | null;
  abort_reason: string | null;
  accepted_loss: Loss | null;
  token: string;
  round: number;
  entry: Entry;
  boot: string;
  forecast: Forecast | null;
}

/** What the engine needs beyond what people see. */
export interface UpgradeRun extends UpgradeRecord {
  round: number;
  entry: Entry;
  /** The control plane that promised to run this round. */
  boot: number;
  wayBackReason: string | null;
  abortReason: string | null;
  /** What was expected when it was started; null when nobody foretold anything. */
  forecast: Forecast | null;
  /** What someone accepted to lose by the way back; null while nobody did. */
  acceptedLoss: Loss | null;
}

const fromRow = (row: Row): UpgradeRun => ({
  id: row.id,
  environment: row.environment,
  planHash: row.plan_hash,
  state: row.state,
  options: row.options,
  askedBy: row.asked_by,
  createdAt: row.created_at.getTime(),
  startedAt: row.started_at?.getTime() ?? null,
  endedAt: row.ended_at?.getTime() ?? null,
  reason: row.reason,
  problem: row.problem,
  wayBackAt: row.way_back_at?.getTime() ?? null,
  wayBackBy: row.way_back_by,
  wayBackReason: row.way_back_reason,
  pausedAt: row.paused_at?.getTime() ?? null,
  pausedBy: row.paused_by,
  abortedAt: row.abort_at?.getTime() ?? null,
  abortedBy: row.abort_by,
  abortReason: row.abort_reason,
  acceptedLoss: row.accepted_loss,
  token: Number(row.token),
  round: row.round,
  entry: row.entry,
  boot: Number(row.boot),
  forecast: row.forecast,
});

const UNFINISHED = "state not in ('upgraded', 'rolled-back')";

export interface NewUpgrade {
  id: string;
  environment: string;
  planHash: string;
  options: UpgradeOptions;
  askedBy: string;
  boot: number;
  forecast?: Forecast | null;
}

/** False when the environment already has an unfinished one. */
export async function insertUpgrade(db: Db, upgrade: NewUpgrade): Promise<boolean> {
  const { rowCount } = await db.query(
    `insert into changeover.upgrades (id, environment, plan_hash, options, asked_by, boot, token, forecast)
     values ($1, $2, $3, $4, $5, $6, 0, $7)
     on conflict (environment) where ${UNFINISHED} do nothing`,
    [
      ...[upgrade.id, upgrade.environment, upgrade.planHash, JSON.stringify(upgrade.options), upgrade.askedBy],
      ...[upgrade.boot, upgrade.forecast ? JSON.stringify(upgrade.forecast) : null],
    ],
  );
  return rowCount === 1;
}

export async function findUpgrade(db: Db, id: string): Promise<UpgradeRun | null> {
  const { rows } = await db.query<Row>("select * from changeover.upgrades where id = $1", [id]);
  return rows[0] ? fromRow(rows[0]) : null;
}

/** Inside a transaction: nobody else decides about this upgrade until it ends. */
export async function lockUpgrade(db: Db, id: string): Promise<UpgradeRun | null> {
  const { rows } = await db.query<Row>("select * from changeover.upgrades where id = $1 for update", [id]);
  return rows[0] ? fromRow(rows[0]) : null;
}

/** Newest first. */
export async function listUpgrades(db: Db, environment: string, limit = 50): Promise<UpgradeRun[]> {
  const { rows } = await db.query<Row>(
    "select * from changeover.upgrades where environment = $1 order by created_at desc, id limit $2",
    [environment, limit],
  );
  return rows.map(fromRow);
}

/** The unfinished one, else the newest of the whole environment; null when there was none. */
export async function latestUpgrade(db: Db, environment: string): Promise<UpgradeRun | null> {
  const { rows } = await db.query<Row>(
    `select u.* from changeover.upgrades u join changeover.plans p on p.hash = u.plan_hash where u.environment = $1
     order by u.state in ('upgraded', 'rolled-back'), p.plan ->> 'strategy' <> all ($2),
       u.created_at desc, u.id limit 1`,
    [environment, wholeStrategies],
  );
  return rows[0] ? fromRow(rows[0]) : null;
}

export async function unfinishedUpgrades(db: Db): Promise<UpgradeRun[]> {
  const { rows } = await db.query<Row>(`select * from changeover.upgrades where ${UNFINISHED} order by created_at`);
  return rows.map(fromRow);
}

export async function unfinishedUpgrade(db: Db, environment: string): Promise<UpgradeRun | null> {
  const { rows } = await db.query<Row>(`select * from changeover.upgrades where environment = $1 and ${UNFINISHED}`, [
    environment,
  ]);
  return rows[0] ? fromRow(rows[0]) : null;
}

/** Makes every execution before this one stale. */
export async function takeUpgrade(db: Db, id: string): Promise<number> {
  const { rows } = await db.query<{ token: string }>(
    "update changeover.upgrades set token = nextval('changeover.fencing_token') where id = $1 returning token",
    [id],
  );
  return Number(rows[0]?.token);
}

/** False when a newer execution has taken it over. */
export async function setState(
  db: Db,
  id: string,
  token: number,
  state: UpgradeState,
  because: { reason?: string | null; problem?: ProblemData | null } = {},
): Promise<boolean> {
  const { rowCount } = await db.query(
    `update changeover.upgrades
     set state = $3, started_at = coalesce(started_at, now()),
       ended_at = case when $3 in ('upgraded', 'rolled-back') then now() end,
       reason = coalesce($4, reason), problem = coalesce($5, problem)
     where id = $1 and token = $2`,
    [id, token, state, because.reason ?? null, because.problem ? JSON.stringify(because.problem) : null],
  );
  return rowCount === 1;
}

/** Nothing new goes forward from here on. */
export async function askWayBack(
  db: Db,
  id: string,
  asked: { by: string; reason: string; loss: Loss | null },
): Promise<void> {
  await tellRun(db, id);
  await db.query(
    `update changeover.upgrades set way_back_at = coalesce(way_back_at, now()),
       way_back_by = coalesce(way_back_by, $2), way_back_reason = coalesce(way_back_reason, $3),
       accepted_loss = coalesce(accepted_loss, $4) where id = $1`,
    [id, asked.by, asked.reason, asked.loss && JSON.stringify(asked.loss)],
  );
}

/** Whoever runs it looks at its row again, at once. */
async function tellRun(db: Db, id: string): Promise<void> {
  await db.query("select pg_notify('changeover_requests', $1)", [id]);
}

/** Nothing new begins until `endPause`. */
export async function pauseUpgrade(db: Db, id: string, by: string): Promise<void> {
  await db.query(
    "update changeover.upgrades set paused_at = coalesce(paused_at, now()), paused_by = coalesce(paused_by, $2) where id = $1",
    [id, by],
  );
}

export async function endPause(db: Db, id: string): Promise<void> {
  await tellRun(db, id);
  await db.query("update changeover.upgrades set paused_at = null, paused_by = null where id = $1", [id]);
}

/** Nothing new begins in either direction, until a new round. */
export async function abortUpgrade(db: Db, id: string, by: string, reason: string): Promise<void> {
  await tellRun(db, id);
  await db.query(
    `update changeover.upgrades set abort_at = coalesce(abort_at, now()),
       abort_by = coalesce(abort_by, $2), abort_reason = coalesce(abort_reason, $3) where id = $1`,
    [id, by, reason],
  );
}

/** Sets a stuck upgrade going again; the round's number makes it a run of its own. */
export async function nextRound(db: Db, id: string, entry: Entry, boot: number): Promise<number> {
  const { rows } = await db.query<{ round: number }>(
    `update changeover.upgrades set round = round + 1, entry = $2, boot = $3, problem = null,
       paused_at = null, paused_by = null, abort_at = null, abort_by = null, abort_reason = null,
       state = case when $2 = 'forward' then 'running' else 'rolling-back' end
     where id = $1 returning round`,
    [id, entry, boot],
  );
  return Number(rows[0]?.round);
}

/** Under which an environment was last changed; 0 when it never was. */
export async function newestToken(db: Db, environment: string): Promise<number> {
  const { rows } = await db.query<{ token: string }>(
    "select coalesce(max(token), 0) as token from changeover.upgrades where environment = $1",
    [environment],
  );
  return Number(rows[0]?.token);
}
