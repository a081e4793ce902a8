/** Table `environments`: what the user wrote down, and the addresses that were given to it. */
import { type EnvironmentDefinition, environmentSchema } from "../model/environment.ts";
import type { Db } from "./store.ts";

export interface SavedEnvironment {
  name: string;
  definition: EnvironmentDefinition;
  /** The environment file; paths in the definition are relative to it. */
  definitionPath: string;
  /** What was chosen for it once and must stay: `prefix` of its addresses; `cloneOf`, the environment it rehearses for. */
  network: Record<string, unknown>;
  savedAt: number;
}

interface Row {
  name: string;
  definition: EnvironmentDefinition;
  definition_path: string;
  network: Record<string, unknown>;
  saved_at: Date;
}

const fromRow = (row: Row): SavedEnvironment => ({
  name: row.name,
  definition: complete(row.definition),
  definitionPath: row.definition_path,
  network: row.network,
  savedAt: row.saved_at.getTime(),
});

/** What an older release saved lacks the keys that came since: they get their defaults. */
function complete(saved: EnvironmentDefinition): EnvironmentDefinition {
  const read = environmentSchema.safeParse(saved);
  return read.success ? read.data : saved;
}

export async function saveEnvironment(db: Db, environment: Omit<SavedEnvironment, "savedAt">): Promise<void> {
  const { name, definition, definitionPath, network } = environment;
  await db.query(
    `insert into changeover.environments (name, definition, definition_path, network) values ($1, $2, $3, $4)
     on conflict (name) do update set definition = excluded.definition, definition_path = excluded.definition_path,
       network = excluded.network, saved_at = now()`,
    [name, JSON.stringify(definition), definitionPath, JSON.stringify(network)],
  );
}

export async function findEnvironment(db: Db, name: string): Promise<SavedEnvironment | null> {
  const { rows } = await db.query<Row>("select * from changeover.environments where name = $1", [name]);
  return rows[0] ? fromRow(rows[0]) : null;
}

export async function listEnvironments(db: Db): Promise<SavedEnvironment[]> {
  const { rows } = await db.query<Row>("select * from changeover.environments order by name");
  return rows.map(fromRow);
}

/** Its upgrades and their journal are kept; one that is stuck ends with it, or the name could never be used again. */
export async function forgetEnvironment(db: Db, name: string): Promise<void> {
  await db.query(
    `update changeover.upgrades set state = 'rolled-back', ended_at = now(),
       reason = concat_ws('; ', reason, 'the environment was taken down') where environment = $1 and state = 'stuck'`,
    [name],
  );
  for (const table of OF_ENVIRONMENTS) await db.query(`delete from changeover.${table} where environment = $1`, [name]);
  await db.query("delete from changeover.environments where name = $1", [name]);
}

/** Tables of what people said of an environment: it goes with it. */
const OF_ENVIRONMENTS = [
  "backup_requests",
  "server_definitions",
  "votes",
  "groups",
  "inputs",
  "input_snapshots",
] as const;

/** Inside a transaction: nobody else begins anything with this environment until it ends. */
export async function lockEnvironment(db: Db, name: string): Promise<void> {
  await db.query("select 1 from changeover.environments where name = $1 for update", [name]);
}

const TOGETHER_LOCK = 7_204;

/** Until this transaction ends nobody else adds or changes an environment: two that come at once see each other. */
export async function lockTogether(db: Db): Promise<void> {
  await db.query("select pg_advisory_xact_lock($1)", [TOGETHER_LOCK]);
}

/** Null for an environment that somebody brought up. */
export const originOf = ({ network }: Pick<SavedEnvironment, "network">): string | null =>
  network.cloneOf === undefined ? null : String(network.cloneOf);

/** Clones come and go with their rehearsals: they have no schedule, and nobody chooses between them and what is theirs. */
export const ownEnvironments = async (db: Db): Promise<SavedEnvironment[]> =>
  (await listEnvironments(db)).filter((one) => originOf(one) === null);
