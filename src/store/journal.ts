/** Table `journal`: what was meant and what came of it, one row per try of a step. */
import type { Evidence } from "../model/step.ts";
import type {
  Begin,
  Direction,
  Journal,
  JournalEntry,
  JournalResult,
  ProblemData,
  StepRef,
  UpgradeState,
} from "../model/upgrade.ts";
import type { Db, Store } from "./store.ts";

/** A newer execution of the same upgrade exists: this one must not do or write anything more. */
export class StaleExecution extends Error {
  constructor(upgrade: string) {
    super(`${upgrade} was taken over by another control plane`);
    this.name = "StaleExecution";
  }
}

interface Row {
  upgrade: string;
  sequence: number;
  step_index: number;
  stage: string;
  step: string;
  says: string;
  direction: Direction;
  try: number;
  intent_at: Date;
  result_at: Date | null;
  result: "done" | "failed" | null;
  acted: boolean;
  found_done: boolean;
  evidence: Evidence | null;
  problem: ProblemData | null;
  duration_ms: number | null;
}

const fromRow = (row: Row): JournalEntry => ({
  upgrade: row.upgrade,
  sequence: row.sequence,
  index: row.step_index,
  stage: row.stage,
  step: row.step,
  says: row.says,
  direction: row.direction,
  try: row.try,
  intentAt: row.intent_at.getTime(),
  resultAt: row.result_at?.getTime() ?? null,
  result: row.result,
  acted: row.acted,
  foundDone: row.found_done,
  evidence: row.evidence,
  problem: row.problem,
  durationMs: row.duration_ms,
});

/** In the order of their intents; only those after `since` when given. */
export async function journalOf(db: Db, upgrade: string, since = 0): Promise<JournalEntry[]> {
  const { rows } = await db.query<Row>(
    "select * from changeover.journal where upgrade = $1 and sequence > $2 order by sequence",
    [upgrade, since],
  );
  return rows.map(fromRow);
}

/** The journal of one upgrade, writable by the execution that holds the token, and by no older one. */
export function journalFor(store: Store, upgrade: string, token: number): Journal {
  return {
    begin: (step, direction) => store.transaction((db) => begin(db, { upgrade, token }, step, direction)),
    tell: (sequence, facts) => tell(store, { upgrade, token }, sequence, facts),
    end: (sequence, result) => end(store, { upgrade, token }, sequence, result),
    entries: () => journalOf(store, upgrade),
  };
}

interface Execution {
  upgrade: string;
  token: number;
}

async function begin(db: Db, execution: Execution, step: StepRef, direction: Direction): Promise<Begin> {
  const asked = await lockOwned(db, execution);
  const before = await lastTry(db, execution.upgrade, step.index, direction);
  if (before?.result === "done") return { kind: "done-before", evidence: before.evidence };
  const begun = before !== null;
  if (direction === "apply" && asked.wayBack) return { kind: "way-back-asked", ...asked.wayBack, begun };
  if (asked.abort) return { kind: "aborted", ...asked.abort, begun };
  // What a crash cut short is taken up again: a pause only keeps the next step from beginning.
  if (direction === "apply" && asked.paused && before?.result !== null) return { kind: "paused" };
  const sequence = await nextSequence(db, execution.upgrade, direction === "apply" ? "running" : "rolling-back");
  await db.query(
    `insert into changeover.journal (upgrade, sequence, step_index, stage, step, direction, try, says)
     values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [execution.upgrade, sequence, step.index, step.stage, step.step, direction, (before?.try ?? 0) + 1, step.says],
  );
  return { kind: "begun", sequence, interrupted: before !== null && before.result === null };
}

interface Asked {
  /** Why the way back was asked for, when it was. */
  wayBack: { reason: string; lossAccepted: boolean } | null;
  abort: { by: string; reason: string } | null;
  paused: boolean;
}

interface AskedRow {
  way_back: boolean;
  way_back_reason: string | null;
  loss_accepted: boolean;
  aborted: boolean;
  abort_by: string | null;
  abort_reason: string | null;
  paused: boolean;
}

/** What people asked of it so far. The lock orders an intent and such a request one after the other. */
async function lockOwned(db: Db, { upgrade, token }: Execution): Promise<Asked> {
  const { rows } = await db.query<AskedRow>(
    `select way_back_at is not null as way_back, way_back_reason, accepted_loss is not null as loss_accepted,
       abort_at is not null as aborted, abort_by, abort_reason, paused_at is not null as paused
     from changeover.upgrades where id = $1 and token = $2 for update`,
    [upgrade, token],
  );
  const [row] = rows;
  if (!row) throw new StaleExecution(upgrade);
  return {
    wayBack: row.way_back ? { reason: row.way_back_reason ?? "", lossAccepted: row.loss_accepted } : null,
    abort: row.aborted ? { by: row.abort_by ?? "", reason: row.abort_reason ?? "" } : null,
    paused: row.paused,
  };
}

async function lastTry(db: Db, upgrade: string, index: number, direction: Direction) {
  const { rows } = await db.query<Pick<Row, "try" | "result" | "evidence">>(
    `select try, result, evidence from changeover.journal
     where upgrade = $1 and direction = $2 and step_index = $3 order by try desc limit 1`,
    [upgrade, direction, index],
  );
  return rows[0] ?? null;
}

async function nextSequence(db: Db, upgrade: string, state: UpgradeState): Promise<number> {
  const { rows } = await db.query<{ journal_length: number }>(
    `update changeover.upgrades set journal_length = journal_length + 1, state = $2,
       started_at = coalesce(started_at, now()) where id = $1 returning journal_length`,
    [upgrade, state],
  );
  return Number(rows[0]?.journal_length);
}

async function tell(db: Db, { upgrade, token }: Execution, sequence: number, facts: Evidence): Promise<void> {
  await db.query(
    `update changeover.journal j set evidence = $4 from changeover.upgrades u
     where j.upgrade = $1 and j.sequence = $3 and j.result is null and u.id = $1 and u.token = $2`,
    [upgrade, token, sequence, JSON.stringify(facts)],
  );
}

async function end(db: Db, { upgrade, token }: Execution, sequence: number, outcome: JournalResult): Promise<void> {
  const { rowCount } = await db.query(
    `update changeover.journal j
     set result = $4, result_at = clock_timestamp(), acted = $5, found_done = $6, evidence = $7, problem = $8,
       duration_ms = round(1000 * extract(epoch from clock_timestamp() - intent_at))
     from changeover.upgrades u
     where j.upgrade = $1 and j.sequence = $3 and j.result is null and u.id = $1 and u.token = $2`,
    [
      upgrade,
      token,
      sequence,
      outcome.result,
      outcome.acted,
      outcome.foundDone,
      outcome.evidence && JSON.stringify(outcome.evidence),
      outcome.problem && JSON.stringify(outcome.problem),
    ],
  );
  if (rowCount === 0) await expectWritten(db, { upgrade, token }, sequence);
}

/** A result whose acknowledgement got lost is there when it is written again. */
async function expectWritten(db: Db, { upgrade, token }: Execution, sequence: number): Promise<void> {
  const { rowCount } = await db.query(
    `select 1 from changeover.journal j join changeover.upgrades u on u.id = j.upgrade
     where j.upgrade = $1 and j.sequence = $3 and j.result is not null and u.token = $2`,
    [upgrade, token, sequence],
  );
  if (rowCount === 0) throw new StaleExecution(upgrade);
}
