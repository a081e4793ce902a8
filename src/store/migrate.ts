/** Brings the control database's tables to this release: each file once, in order, all or nothing. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import type pg from "pg";
import { Problem } from "../model/problem.ts";

const FOLDER = path.join(import.meta.dirname, "migrations");
/** Any number nobody else locks; several control planes may start at once. */
const LOCK = 7_201_001;

export interface Migration {
  name: string;
  sql: string;
}

export const shippedMigrations = (): Migration[] =>
  readdirSync(FOLDER)
    .filter((name) => name.endsWith(".sql"))
    .sort()
    .map((name) => ({ name, sql: readFileSync(path.join(FOLDER, name), "utf8") }));

/** Names of those that were run now. */
export async function migrate(client: pg.ClientBase, migrations = shippedMigrations()): Promise<string[]> {
  await client.query("begin");
  try {
    await client.query("select pg_advisory_xact_lock($1)", [LOCK]);
    const ran = await runMissing(client, migrations);
    await client.query("commit");
    return ran;
  } catch (error) {
    await client.query("rollback");
    throw error;
  }
}

async function runMissing(client: pg.ClientBase, migrations: Migration[]): Promise<string[]> {
  await client.query("create schema if not exists changeover");
  await client.query(
    `create table if not exists changeover.migrations (
       name text primary key, hash text not null, run_at timestamptz not null default now())`,
  );
  const { rows } = await client.query<{ name: string; hash: string }>("select name, hash from changeover.migrations");
  const known = new Map(rows.map((row) => [row.name, row.hash]));
  refuseUnknown(known, migrations);
  const missing = migrations.filter(({ name }) => !known.has(name));
  for (const { name, sql } of missing) {
    await client.query(sql);
    await client.query("insert into changeover.migrations (name, hash) values ($1, $2)", [name, hashOf(sql)]);
  }
  return missing.map(({ name }) => name);
}

/** A newer release's database, or an edited file, must not be written to by guess. */
function refuseUnknown(known: Map<string, string>, migrations: Migration[]): void {
  const shipped = new Map(migrations.map(({ name, sql }) => [name, hashOf(sql)]));
  for (const [name, hash] of known) {
    if (shipped.get(name) === hash) continue;
    throw new Problem("refused", {
      what: "the control database does not belong to this release",
      why: shipped.has(name) ? `migration "${name}" was changed after it was run` : `it has migration "${name}"`,
      next: "use the release that made it, or another database",
    });
  }
}

const hashOf = (sql: string): string => createHash("sha256").update(sql).digest("hex");
