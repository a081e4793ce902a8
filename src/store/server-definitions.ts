/** Table `server_definitions`: servers that were cloned, and the changes that were made to them before a launch. */
import type { ServerDefinition } from "../model/server/definition.ts";
import type { Db } from "./store.ts";

/** False when there is one of this name. */
export async function insertDefinition(db: Db, definition: ServerDefinition): Promise<boolean> {
  const { rowCount } = await db.query(
    "insert into changeover.server_definitions (environment, name, definition) values ($1, $2, $3) on conflict do nothing",
    [definition.environment, definition.name, definition],
  );
  return rowCount === 1;
}

export async function updateDefinition(db: Db, definition: ServerDefinition): Promise<void> {
  await db.query("update changeover.server_definitions set definition = $3 where environment = $1 and name = $2", [
    definition.environment,
    definition.name,
    definition,
  ]);
}

/** Inside a transaction: nobody else changes it until that ends. */
export async function lockDefinition(db: Db, environment: string, name: string): Promise<ServerDefinition | null> {
  const { rows } = await db.query<{ definition: ServerDefinition }>(
    "select definition from changeover.server_definitions where environment = $1 and name = $2 for update",
    [environment, name],
  );
  return rows[0]?.definition ?? null;
}

export async function definitionsOf(db: Db, environment: string): Promise<ServerDefinition[]> {
  const { rows } = await db.query<{ definition: ServerDefinition }>(
    "select definition from changeover.server_definitions where environment = $1 order by name",
    [environment],
  );
  return rows.map(({ definition }) => definition);
}

export async function removeDefinition(db: Db, environment: string, name: string): Promise<boolean> {
  const { rowCount } = await db.query(
    "delete from changeover.server_definitions where environment = $1 and name = $2",
    [environment, name],
  );
  return rowCount === 1;
}
