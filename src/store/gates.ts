/** Table `gates`: questions that an upgrade waits for people to answer. */
import type { GateRecord } from "../model/upgrade.ts";
import type { Db } from "./store.ts";

interface Row {
  upgrade: string;
  gate: string;
  question: string;
  plan_hash: string;
  asked_at: Date;
  deadline_at: Date;
  at_deadline: GateRecord["atDeadline"];
  evidence: GateRecord["evidence"];
  blocked: string | null;
  answer: GateRecord["answer"];
  answered_by: string | null;
  answered_at: Date | null;
}

const fromRow = (row: Row): GateRecord => ({
  upgrade: row.upgrade,
  gate: row.gate,
  question: row.question,
  planHash: row.plan_hash,
  askedAt: row.asked_at.getTime(),
  deadlineAt: row.deadline_at.getTime(),
  atDeadline: row.at_deadline,
  evidence: row.evidence,
  blocked: row.blocked,
  answer: row.answer,
  answeredBy: row.answered_by,
  answeredAt: row.answered_at?.getTime() ?? null,
});

export type Question = Omit<GateRecord, "answer" | "answeredBy" | "answeredAt" | "blocked">;

/** Asked once: a repeated question keeps its first deadline and its answer. */
export async function askGate(db: Db, asked: Question): Promise<void> {
  await db.query(
    `insert into changeover.gates (upgrade, gate, question, plan_hash, asked_at, deadline_at, at_deadline, evidence)
     values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (upgrade, gate) do nothing`,
    [asked.upgrade, asked.gate, asked.question, asked.planHash, ...datesOf(asked), asked.atDeadline, evidenceOf(asked)],
  );
}

const datesOf = (asked: Pick<Question, "askedAt" | "deadlineAt">): Date[] => [
  new Date(asked.askedAt),
  new Date(asked.deadlineAt),
];
const evidenceOf = ({ evidence }: Pick<Question, "evidence">): string => JSON.stringify(evidence);

/** After a hot-fix: the same question with new evidence and all its time again. */
export async function askGateAgain(
  db: Db,
  upgrade: string,
  gate: string,
  asked: Pick<GateRecord, "askedAt" | "deadlineAt" | "evidence" | "blocked">,
): Promise<void> {
  await db.query(
    `update changeover.gates set answer = null, answered_by = null, answered_at = null, asked_at = $3, deadline_at = $4,
       evidence = $5, blocked = $6 where upgrade = $1 and gate = $2 and answer = 'fix'`,
    [upgrade, gate, ...datesOf(asked), evidenceOf(asked), asked.blocked],
  );
}

/** The time in which nobody waited for an answer does not count. */
export async function postponeGates(db: Db, upgrade: string, since: number): Promise<void> {
  await db.query(
    `update changeover.gates set deadline_at = deadline_at + (now() - greatest($2, asked_at))
     where upgrade = $1 and answer is null`,
    [upgrade, new Date(since)],
  );
}

export async function findGate(db: Db, upgrade: string, gate: string): Promise<GateRecord | null> {
  const { rows } = await db.query<Row>("select * from changeover.gates where upgrade = $1 and gate = $2", [
    upgrade,
    gate,
  ]);
  return rows[0] ? fromRow(rows[0]) : null;
}

export async function gatesOf(db: Db, upgrade: string): Promise<GateRecord[]> {
  const { rows } = await db.query<Row>("select * from changeover.gates where upgrade = $1 order by asked_at", [
    upgrade,
  ]);
  return rows.map(fromRow);
}

export interface Answer {
  answer: NonNullable<GateRecord["answer"]>;
  by: string;
  at: number;
}

/** The first answer counts. False when there is one, its time is over, it is bound to another plan, or must not pass now. */
export async function answerGate(
  db: Db,
  upgrade: string,
  gate: string,
  planHash: string,
  { answer, by, at }: Answer,
): Promise<boolean> {
  const { rowCount } = await db.query(
    `update changeover.gates set answer = $4, answered_by = $5, answered_at = $6
     where upgrade = $1 and gate = $2 and plan_hash = $3 and answer is null
       and ($4 = 'expired' or $6 <= deadline_at) and ($4 <> 'approved' or blocked is null)`,
    [upgrade, gate, planHash, answer, by, new Date(at)],
  );
  return rowCount === 1;
}
