/** What is in the application's database: an exact sum of each table, and the first column of a query. */
import type { TableSum } from "../../model/content.ts";
import { Problem } from "../../model/problem.ts";
import { settingsOf, type Server } from "./server.ts";
import { withSession } from "./wire.ts";

const sumMs = 600_000;
const rowsMax = 2_000_000;

/** Of one moment: count and sum see the same snapshot. */
export async function checksums(server: Server): Promise<TableSum[]> {
  const { name } = await settingsOf(server);
  return server.session(async (session) => {
    await session.read({ sql: "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ" });
    await session.read({ sql: "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY" });
    const tables = await session.read({
      sql:
        "SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA=?" +
        " AND TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED') ORDER BY CAST(TABLE_NAME AS BINARY)",
      values: [name],
    });
    const sums: TableSum[] = [];
    for (const { name: table } of tables) {
      const full = `\`${name}\`.\`${(table ?? "").replaceAll("`", "``")}\``;
      const [counted] = await session.read({ sql: `SELECT COUNT(*) AS rows_there FROM ${full}`, timeoutMs: sumMs });
      const [summed] = await session.read({ sql: `CHECKSUM TABLE ${full} EXTENDED`, timeoutMs: sumMs });
      const sum = summed?.Checksum;
      if (!sum) throw unreadable(server, table ?? "");
      sums.push({ table: table ?? "", rows: Number(counted?.rows_there), sum });
    }
    return sums;
  });
}

const unreadable = (server: Server, table: string): Problem =>
  new Problem("unhealthy", {
    what: `table "${table}" on "${server.host.name}" can't be summed`,
    why: "CHECKSUM TABLE gave nothing: the table is gone or damaged",
    next: `look at the table: CHECK TABLE ${table}`,
  });

/** By the server's own statistics, with the indexes. */
export async function bytesOfTables(server: Server): Promise<number> {
  const { name } = await settingsOf(server);
  const sql = "SELECT SUM(DATA_LENGTH + INDEX_LENGTH) AS bytes FROM information_schema.TABLES WHERE TABLE_SCHEMA=?";
  const [row] = await server.session((session) => session.read({ sql, values: [name] }));
  return Number(row?.bytes ?? 0);
}

/** As the application's own account, which can reach nothing else, and read only. */
export async function readColumn(server: Server, sql: string): Promise<string[]> {
  const { name, user } = await settingsOf(server);
  const at = { host: server.host, clock: server.clock, socket: server.paths.socket };
  const account = { user, password: server.secrets("database.app"), database: name };
  return withSession(at, account, async (session) => {
    // For all that follow in the session, also after a statement that would end a transaction by itself.
    await session.read({ sql: "SET SESSION TRANSACTION READ ONLY" });
    return session.column({ sql, timeoutMs: 60_000 }, rowsMax);
  });
}
