/** The database as the shop uses it: a small pool that outlives cut connections, with a limit on every wait. */
import { setTimeout as sleep } from "node:timers/promises";
import { createPool } from "mysql2/promise";

const patienceMs = 3000;
const statementMs = 5000;
/** Duplicate key, deadlock, parent row gone: another transaction was faster, and ours has changed nothing. */
const beaten = new Set([1062, 1213, 1452]);

/** The connection's settings, from DATABASE_HOST and its kin, else from DATABASE_URL. */
export function databaseSettings(env = process.env) {
  const url = env.DATABASE_URL ? new URL(env.DATABASE_URL) : null;
  return {
    host: env.DATABASE_HOST ?? url?.hostname ?? "127.0.0.1",
    port: Number(env.DATABASE_PORT ?? (url?.port || 3306)),
    database: env.DATABASE_NAME ?? url?.pathname.slice(1) ?? "shop",
    user: env.DATABASE_USER ?? decodeURIComponent(url?.username ?? "shop"),
    password: env.DATABASE_PASSWORD ?? decodeURIComponent(url?.password ?? ""),
  };
}

export function openDatabase() {
  const pool = createPool({
    ...databaseSettings(),
    connectionLimit: 8,
    queueLimit: 200,
    connectTimeout: 2000,
    dateStrings: true,
    supportBigNumbers: true,
  });

  /**
   * A connection that has just answered. Tries again only here, where nothing of the caller's work was sent yet:
   * after a cut, the pool still hands out connections that are dead.
   */
  async function connect(withinMs) {
    const deadline = Date.now() + withinMs;
    for (;;) {
      let connection;
      try {
        connection = await pool.getConnection();
        await connection.query({ sql: "DO 0", timeout: 1000 });
        return connection;
      } catch (error) {
        connection?.destroy();
        if (Date.now() >= deadline) throw error;
        await sleep(50);
      }
    }
  }

  /** `work` gets an `ask(sql, values)` whose answer is the rows, or the result of a write. */
  async function once(work, withinMs, open, close) {
    const connection = await connect(withinMs);
    const ask = async (sql, values = []) => (await connection.query({ sql, values, timeout: statementMs }))[0];
    try {
      if (open) await ask(open);
      const answer = await work(ask);
      if (close) await ask(close);
      connection.release();
      return answer;
    } catch (error) {
      // The server rolls back when the connection ends; what a timed-out statement did is unknown to us anyway.
      connection.destroy();
      throw error;
    }
  }

  return {
    read: (work, withinMs = patienceMs) => once(work, withinMs),

    /** All or nothing. Runs again only when another transaction got in the way, never when the outcome is unknown. */
    async write(work) {
      for (let attempt = 1; ; attempt++) {
        try {
          return await once(work, patienceMs, "START TRANSACTION", "COMMIT");
        } catch (error) {
          if (attempt === 3 || !beaten.has(error.errno)) throw error;
        }
      }
    },

    close: () => pool.end().catch(() => {}),
  };
}
