/** Table `backup_requests`: what people and the schedule asked of backups, and what came of it. */
import type { ProblemData, UpgradeState } from "../model/upgrade.ts";
import type { Db, Store } from "./store.ts";

export interface BackupRequest {
  verb: "take" | "verify" | "restore";
  by: string;
  scheduled: boolean;
  at: number;
  backup: string | null;
  /** Null when it was refused before it began. */
  upgrade: string | null;
  /** Of the run; null when there is none. */
  state: UpgradeState | null;
  /** Why it was refused, taken back or got stuck. */
  why: string | null;
}

export type NewBackupRequest = Omit<BackupRequest, "state" | "why"> & {
  environment: string;
  problem: ProblemData | null;
};

export async function recordBackupRequest(db: Db, asked: NewBackupRequest): Promise<void> {
  const { environment, verb, by, scheduled, at, backup, upgrade, problem } = asked;
  await db.query(
    `insert into changeover.backup_requests (environment, verb, by, scheduled, at, backup, upgrade, problem)
     values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [environment, verb, by, scheduled, new Date(at), backup, upgrade, problem && JSON.stringify(problem)],
  );
}

interface Row extends Omit<BackupRequest, "at" | "why"> {
  at: Date;
  problem: ProblemData | null;
  reason: string | null;
}

/** Newest first; of the schedule only, when told so. */
export async function backupRequests(
  db: Db,
  environment: string,
  { limit, scheduled }: { limit: number; scheduled: boolean },
): Promise<BackupRequest[]> {
  const { rows } = await db.query<Row>(
    `select r.verb, r.by, r.scheduled, r.at, r.backup, r.upgrade, u.state, u.reason,
       coalesce(r.problem, u.problem) as problem
     from changeover.backup_requests r left join changeover.upgrades u on u.id = r.upgrade
     where r.environment = $1 and (r.scheduled or not $2) order by r.id desc limit $3`,
    [environment, scheduled, limit],
  );
  return rows.map(({ at, problem, reason, ...row }) => ({
    ...row,
    at: at.getTime(),
    why: reason ?? (problem && `${problem.what}: ${problem.why}`),
  }));
}

/** Who asked for these upgrades, by their ids. */
export async function askersOf(db: Db, upgrades: readonly string[]): Promise<Map<string, string>> {
  const { rows } = await db.query<{ id: string; asked_by: string }>(
    "select id, asked_by from changeover.upgrades where id = any($1)",
    [upgrades],
  );
  return new Map(rows.map(({ id, asked_by }) => [id, asked_by]));
}

/** Any numbers that nobody else locks. */
const LOCKS = { schedule: 7_203, groups: 7_204 } as const;

/** Runs the work when no other control plane does the same for this environment; false when one does. */
export function whileAlone(
  store: Store,
  environment: string,
  work: () => Promise<void>,
  on: keyof typeof LOCKS = "schedule",
): Promise<boolean> {
  return store.transaction(async (db) => {
    const { rows } = await db.query<{ free: boolean }>("select pg_try_advisory_xact_lock($1, hashtext($2)) as free", [
      LOCKS[on],
      environment,
    ]);
    if (!rows[0]?.free) return false;
    await work();
    return true;
  });
}

/** The same, after whoever does it just now. */
export function onceAlone<T>(
  store: Store,
  environment: string,
  work: () => Promise<T>,
  on: keyof typeof LOCKS,
): Promise<T> {
  return store.transaction(async (db) => {
    await db.query("select pg_advisory_xact_lock($1, hashtext($2))", [LOCKS[on], environment]);
    return work();
  });
}
