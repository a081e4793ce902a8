/** The notes' database: a small pool. Each statement of this application may be sent twice, so a cut costs no request. */
import { setTimeout as sleep } from "node:timers/promises";
import { createPool } from "mysql2/promise";

const patienceMs = 3000;
const statementMs = 2000;
/** Connection gone, server going, deadlock; without any state the server did not even answer. */
const passing = /^(08|70|40)/;

export const databaseSettings = (env = process.env) => ({
  host: env.DATABASE_HOST ?? "127.0.0.1",
  port: Number(env.DATABASE_PORT ?? 3306),
  database: env.DATABASE_NAME ?? "notes",
  user: env.DATABASE_USER ?? "notes",
  password: env.DATABASE_PASSWORD ?? "",
  connectTimeout: 2000,
});

export function openDatabase() {
  const pool = createPool({ ...databaseSettings(), connectionLimit: 8, queueLimit: 500, dateStrings: true });
  return {
    /** The rows, or the result of a write. */
    async ask(sql, values = [], withinMs = patienceMs) {
      const deadline = Date.now() + withinMs;
      for (;;) {
        let connection;
        try {
          connection = await pool.getConnection();
          const [answer] = await connection.query({ sql, values, timeout: statementMs });
          connection.release();
          return answer;
        } catch (error) {
          connection?.destroy();
          if (Date.now() >= deadline || (error.sqlState && !passing.test(error.sqlState))) throw error;
          await sleep(50);
        }
      }
    },
    close: () => pool.end().catch(() => {}),
  };
}
