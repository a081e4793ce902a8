/** Tables `inputs` and `input_snapshots`: the values that people gave, and what they were before each edit. */
import type { Lease, OpenOverride } from "../model/inputs/override.ts";
import { type InputSet, inOrder, openOverridesOf, type Place, setOf, textOf } from "../model/inputs/set.ts";
import type { InputValue } from "../model/inputs/value.ts";
import type { Db } from "./store.ts";

interface Row {
  level: Place["level"];
  owner: string;
  input: string;
  value: InputValue;
  by: string | null;
  why: string | null;
  since: Date | null;
  until: Date | null;
}

export async function inputsOf(db: Db, environment: string): Promise<InputSet> {
  const { rows } = await db.query<Row>(
    "select level, owner, input, value, by, why, since, until from changeover.inputs where environment = $1",
    [environment],
  );
  return inOrder(
    rows.map(({ level, owner, input, value, ...loan }) => ({
      place: { level, owner } as Place,
      input,
      value,
      lease: leaseIn(loan),
    })),
  );
}

function leaseIn({ by, why, since, until }: Pick<Row, "by" | "why" | "since" | "until">): Lease | null {
  if (by === null || why === null || since === null || until === null) return null;
  return { by, why, since: since.getTime(), until: until.getTime() };
}

/** Read before everything that must not meet an override: plans, and the end of an upgrade. */
export const openOverrides = async (db: Db, environment: string, now: number): Promise<OpenOverride[]> =>
  openOverridesOf(await inputsOf(db, environment), now);

/** Inside a transaction: afterwards there is exactly this. */
export async function replaceInputs(db: Db, environment: string, set: InputSet): Promise<void> {
  await db.query("delete from changeover.inputs where environment = $1", [environment]);
  const rows = set.map(({ place, input, value, lease }) => ({ ...place, input, value, ...loanOf(lease) }));
  await db.query(
    `insert into changeover.inputs (environment, level, owner, input, value, by, why, since, until)
     select $1, level, owner, input, value, by, why, since, until
     from json_to_recordset($2::json) as held(level text, owner text, input text, value json, by text, why text,
       since timestamptz, until timestamptz)`,
    [environment, JSON.stringify(rows)],
  );
}

const loanOf = (lease: Lease | null) =>
  lease && { ...lease, since: new Date(lease.since).toISOString(), until: new Date(lease.until).toISOString() };

export interface SnapshotHead {
  number: number;
  /** Milliseconds since 1970. */
  at: number;
  by: string;
  edit: string;
  why: string;
}

/** So many edits can be taken back. */
const KEPT = 500;

/** Inside the transaction of the edit that comes after it, which holds the environment's row: numbers have no gaps. */
export async function takeSnapshot(
  db: Db,
  environment: string,
  { at, by, edit, why, set }: Omit<SnapshotHead, "number"> & { set: InputSet },
): Promise<number> {
  const { rows } = await db.query<{ number: number }>(
    `insert into changeover.input_snapshots (environment, number, at, by, edit, why, values)
     select $1, coalesce(max(number), 0) + 1, $2, $3, $4, $5, $6
     from changeover.input_snapshots where environment = $1 returning number`,
    [environment, new Date(at), by, edit, why, textOf(set)],
  );
  const number = Number(rows[0]?.number);
  await db.query("delete from changeover.input_snapshots where environment = $1 and number <= $2", [
    environment,
    number - KEPT,
  ]);
  return number;
}

/** Newest first. */
export async function snapshotsOf(db: Db, environment: string, limit: number): Promise<SnapshotHead[]> {
  const { rows } = await db.query<Omit<SnapshotHead, "at"> & { at: Date }>(
    `select number, at, by, edit, why from changeover.input_snapshots where environment = $1
     order by number desc limit $2`,
    [environment, limit],
  );
  return rows.map((row) => ({ ...row, at: row.at.getTime() }));
}

/** The set as it was before the edit of this number; null when there is none. */
export async function snapshot(db: Db, environment: string, number: number): Promise<InputSet | null> {
  const { rows } = await db.query<{ values: string }>(
    "select values from changeover.input_snapshots where environment = $1 and number = $2",
    [environment, number],
  );
  return rows[0] ? setOf(rows[0].values) : null;
}
