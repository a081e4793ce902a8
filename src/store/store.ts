/** The control database: one pool of connections, migrated and ready. */
import pg from "pg";
import { Problem } from "../model/problem.ts";
import { migrate } from "./migrate.ts";

/** What a query needs: the pool, or one connection inside a transaction. */
export type Db = Pick<pg.ClientBase, "query">;

export interface Store extends Db {
  readonly url: string;
  /** All or nothing; what it throws is thrown on. */
  transaction<T>(work: (db: Db) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

const CONNECTIONS = 4;

/** Connects and migrates. The URL is the embedded server's, or `DATABASE_URL`. */
export async function openStore(options: { url: string }): Promise<Store> {
  const pool = new pg.Pool({
    connectionString: options.url,
    max: CONNECTIONS,
    connectionTimeoutMillis: 10_000,
    idleTimeoutMillis: 30_000,
    statement_timeout: 30_000,
    // The server can't tell us when it is gone.
    query_timeout: 35_000,
    keepAlive: true,
    application_name: "changeover",
  });
  // A lost idle connection is not news: the next query gets a new one or fails by itself.
  pool.on("error", () => {});
  try {
    await withClient(pool, (client) => migrate(client));
  } catch (error) {
    await pool.end();
    throw error instanceof Problem ? error : cantOpen(error);
  }
  return {
    url: options.url,
    query: pool.query.bind(pool) as Db["query"],
    transaction: (work) => withClient(pool, (client) => transact(client, work)),
    close: () => pool.end(),
  };
}

async function withClient<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  // A connection that broke while it was lent out must not go back into the pool.
  let broken: Error | undefined;
  const note = (error: Error): void => {
    broken = error;
  };
  client.on("error", note);
  try {
    return await work(client);
  } finally {
    client.off("error", note);
    client.release(broken);
  }
}

async function transact<T>(client: pg.PoolClient, work: (db: Db) => Promise<T>): Promise<T> {
  await client.query("begin");
  try {
    const result = await work(client);
    await client.query("commit");
    return result;
  } catch (error) {
    await client.query("rollback").catch(() => {});
    throw error;
  }
}

/** The driver's message names host and database, never the password. */
const cantOpen = (error: unknown): Problem =>
  new Problem(
    "unreachable",
    {
      what: "the control database can't be opened",
      why: error instanceof Error ? error.message || String((error as { code?: string }).code) : String(error),
      next: "changeover doctor, or mend DATABASE_URL",
    },
    error,
  );
