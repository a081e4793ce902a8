/** Brings the schema to this release: each file of migrations/ once, in order; what newer releases added stays. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { createConnection } from "mysql2/promise";
import { databaseSettings } from "./database.js";

const folder = join(import.meta.dirname, "migrations");
const lockSeconds = 10;

async function migrate(connection) {
  const all = async (sql, values) => (await connection.query(sql, values))[0];
  await all(`SET SESSION lock_wait_timeout = ${lockSeconds}, max_statement_time = 300`);
  // It belongs to the connection: a migrator that is killed leaves nothing locked.
  const [{ mine }] = await all("SELECT GET_LOCK('notes-migrate', ?) AS mine", [lockSeconds]);
  if (mine !== 1) throw new Error("another migration holds the lock");
  await all(
    `CREATE TABLE IF NOT EXISTS schema_migrations
     (name VARCHAR(190) NOT NULL PRIMARY KEY, finished_at DATETIME(3) NOT NULL)`,
  );
  const done = new Set((await all("SELECT name FROM schema_migrations")).map(({ name }) => name));
  const pending = (await readdir(folder)).sort().filter((name) => !done.has(name));
  for (const name of pending) {
    await all(await readFile(join(folder, name), "utf8"));
    await all("INSERT INTO schema_migrations (name, finished_at) VALUES (?, UTC_TIMESTAMP(3))", [name]);
    console.log(`migrated ${name}`);
  }
  if (pending.length === 0) console.log("nothing to do");
}

let connection;
try {
  connection = await createConnection({ ...databaseSettings(), multipleStatements: true });
  await migrate(connection);
} catch (error) {
  console.error(`migration failed: ${error.message}`);
  process.exitCode = 1;
} finally {
  await connection?.end().catch(() => connection.destroy());
}
