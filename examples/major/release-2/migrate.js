/** Brings the schema to this release: the files in migrations/ in their order, each one once, one migrator at a time. */
import { readFile } from "node:fs/promises";
import { createConnection } from "mysql2/promise";
import { Umzug } from "umzug";
import { databaseSettings } from "./database.js";

const lockSeconds = 10;
const statementSeconds = 300;
const lock = "lamp-shop-migrate";

async function open() {
  const connection = await createConnection({ ...databaseSettings(), connectTimeout: 5000, multipleStatements: true });
  await connection.query(
    `SET SESSION lock_wait_timeout = ${lockSeconds}, innodb_lock_wait_timeout = ${lockSeconds},
     max_statement_time = ${statementSeconds}`,
  );
  // The lock belongs to the connection: the server frees it when a migrator dies, nobody has to clear it by hand.
  const [[{ mine }]] = await connection.query("SELECT GET_LOCK(?, ?) AS mine", [lock, lockSeconds]);
  if (mine !== 1) throw new Error(`another migration holds the lock "${lock}"`);
  await connection.query(
    `CREATE TABLE IF NOT EXISTS schema_migrations
     (name VARCHAR(190) NOT NULL PRIMARY KEY, finished_at DATETIME(3) NOT NULL)`,
  );
  return connection;
}

function migrations(connection) {
  return new Umzug({
    migrations: {
      glob: ["migrations/*.sql", { cwd: import.meta.dirname }],
      resolve: ({ name, path }) => ({ name, up: async () => connection.query(await readFile(path, "utf8")) }),
    },
    storage: {
      executed: async () =>
        (await connection.query("SELECT name FROM schema_migrations ORDER BY name"))[0].map((row) => row.name),
      logMigration: ({ name }) =>
        connection.query("INSERT INTO schema_migrations (name, finished_at) VALUES (?, UTC_TIMESTAMP(3))", [name]),
      unlogMigration: ({ name }) => connection.query("DELETE FROM schema_migrations WHERE name = ?", [name]),
    },
    logger: undefined,
  });
}

async function run(connection) {
  const umzug = migrations(connection);
  const own = new Set((await umzug.migrations()).map((migration) => migration.name));
  const foreign = (await umzug.storage.executed()).filter((name) => !own.has(name));
  if (foreign.length > 0) throw new Error(`the schema is newer than this release: it has ${foreign.join(", ")}`);

  const pending = await umzug.pending();
  const half = process.env.REHEARSE_FAILURE === "half" && pending.length > 0;
  const wanted = half ? pending.slice(0, Math.ceil(pending.length / 2)) : pending;
  let since = 0;
  umzug.on("migrating", ({ name }) => {
    since = performance.now();
    console.log(`migrating ${name}`);
  });
  umzug.on("migrated", ({ name }) => console.log(`migrated  ${name} in ${Math.round(performance.now() - since)} ms`));
  if (wanted.length > 0) await umzug.up({ migrations: wanted.map((migration) => migration.name) });
  if (half)
    throw new Error(`asked to fail (REHEARSE_FAILURE=half): ${wanted.length} of ${pending.length} files are done`);
  console.log(pending.length > 0 ? `${pending.length} files done` : "nothing to do");
}

let connection;
try {
  connection = await open();
  await run(connection);
} catch (error) {
  console.error(`migration failed: ${(error.cause ?? error).message}`);
  process.exitCode = 1;
} finally {
  await connection?.end().catch(() => connection.destroy());
}
