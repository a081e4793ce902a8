/** What an upgrade needs to know of a server before it begins: long transactions, appliers, sizes, free disk. */
import type { DatabaseReadiness } from "../../model/database.ts";
import { Problem } from "../../model/problem.ts";
import { isClient } from "./accounts.ts";
import { quote } from "./paths.ts";
import type { Server } from "./server.ts";
import type { Row, Session } from "./wire.ts";

const sizesMs = 60_000;

export async function readReadiness(server: Server, longSeconds: number): Promise<DatabaseReadiness> {
  const sizes = await readSizes(server);
  return server.session(async (session) => ({
    longTransactions: await longTransactions(server, session, longSeconds),
    applierThreads: await applierThreads(session),
    binlogBytes: await binlogBytes(session),
    ...sizes,
  }));
}

/**
 * Statements that run and transactions that are open, whichever began first; a transaction that was prepared and left
 * by its connection belongs to nobody. A statement's text may hold what nobody else must read: it is never asked for.
 */
async function longTransactions(server: Server, session: Session, longSeconds: number) {
  const administrator = await server.administrator();
  const rows = await session.read({
    sql:
      "SELECT p.ID, COALESCE(p.USER, 'nobody') AS USER, COALESCE(p.HOST, '') AS HOST, p.COMMAND, t.trx_rows_modified AS changed," +
      " GREATEST(COALESCE(TIMESTAMPDIFF(SECOND, t.trx_started, NOW()), 0), IF(p.COMMAND = 'Query', p.TIME, 0)) AS seconds" +
      " FROM information_schema.PROCESSLIST p LEFT JOIN information_schema.INNODB_TRX t ON t.trx_mysql_thread_id = p.ID" +
      " WHERE p.ID <> CONNECTION_ID() AND (t.trx_id IS NOT NULL OR p.COMMAND = 'Query')" +
      " UNION ALL SELECT NULL, 'nobody', '', 'Prepared', trx_rows_modified, TIMESTAMPDIFF(SECOND, trx_started, NOW())" +
      " FROM information_schema.INNODB_TRX WHERE trx_mysql_thread_id = 0 AND trx_rows_modified > 0",
  });
  return rows
    .filter((row) => Number(row.seconds) >= longSeconds && isClient(row, administrator))
    .map((row) => ({ seconds: Number(row.seconds), user: row.USER ?? "", detail: detailOf(row) }))
    .sort((left, right) => right.seconds - left.seconds);
}

function detailOf({ ID: id, HOST: host, COMMAND: command, changed }: Row): string {
  const rows = changed === null ? "no transaction" : `${changed} rows changed`;
  return id === null ? `prepared and left, ${rows}` : `connection ${id} from ${host}, ${command}, ${rows}`;
}

async function applierThreads(session: Session): Promise<number> {
  const [row] = await session.read({ sql: "SELECT @@slave_parallel_threads AS threads" });
  return Number(row?.threads ?? 0);
}

async function binlogBytes(session: Session): Promise<number> {
  const rows = await session.read({ sql: "SHOW BINARY LOGS" });
  return rows.reduce((sum, row) => sum + Number(row.File_size ?? 0), 0);
}

/** A copy takes everything but the logs that the server writes for its replicas or got from its primary. */
async function readSizes({ host, paths }: Server): Promise<Pick<DatabaseReadiness, "dataBytes" | "disk">> {
  // du fails for files that go away while it looks; what it counted still holds.
  const command =
    `du -sk --exclude='binlog.*' --exclude='relay*' ${quote(paths.data)} 2>/dev/null | tail -n 1 | cut -f1;` +
    " df -Pk . | tail -n 1";
  const asked = await host.exec(command, { timeoutMs: sizesMs, reading: true });
  const [kilobytes = "", disk = ""] = asked.stdout.trim().split("\n");
  const [device, , , free, , ...mount] = disk.trim().split(/\s+/);
  if (asked.code === 0 && Number(kilobytes) > 0 && device && Number(free) >= 0) {
    const fileSystem = `${device} on ${mount.join(" ")}`;
    return { dataBytes: Number(kilobytes) * 1024, disk: { fileSystem, freeBytes: Number(free) * 1024 } };
  }
  throw new Problem("unhealthy", {
    what: `the sizes of "${host.name}" can't be read`,
    why: asked.stderr.trim() || "du and df said nothing that is a number",
    next: "changeover doctor",
  });
}
