/** Those who are connected to a server from outside of Changeover: who they are, and how they are cut off. */
import { waitFor } from "../../model/clock.ts";
import { Problem } from "../../model/problem.ts";
import { isClient } from "./accounts.ts";
import type { Server } from "./server.ts";
import { errorNumber, type Row, type Session } from "./wire.ts";

const cutMs = 10_000;
const noSuchThread = 1094;
/** INNODB_TRX is a picture that is only taken anew once nobody has looked at it for 100 ms: who asks more often sees the old one for ever. */
const pictureMs = 150;

/** The connections of the application and of the migration account. */
export async function clients(server: Server, session: Session): Promise<Row[]> {
  const administrator = await server.administrator();
  const rows = await session.read({ sql: "SELECT ID, USER, HOST, COMMAND, TIME FROM information_schema.PROCESSLIST" });
  return rows.filter((row) => isClient(row, administrator));
}

/** Of some 100 ms ago at worst. Those that changed rows and have a connection; appliers of a replica belong to the server itself. */
export const openTransactions = (session: Session): Promise<Row[]> =>
  session.read({
    sql:
      "SELECT t.trx_mysql_thread_id AS thread, t.trx_rows_modified AS changed FROM information_schema.INNODB_TRX t" +
      " LEFT JOIN information_schema.PROCESSLIST p ON p.ID = t.trx_mysql_thread_id" +
      " WHERE t.trx_rows_modified > 0 AND t.trx_mysql_thread_id > 0 AND COALESCE(p.USER, '') <> 'system user'",
  });

/** Until they are gone and what they had begun is rolled back. */
export async function endAll(server: Server, session: Session, rows: Row[]): Promise<void> {
  const ids = new Set(rows.map((row) => row.ID));
  if (ids.size === 0) return;
  const gone = await waitFor(server.clock, { withinMs: cutMs, everyMs: 10 }, async () => {
    const left = (await clients(server, session)).filter((row) => ids.has(row.ID));
    await kill(server, session, left);
    return left.length === 0;
  });
  const ended = async () => (await openTransactions(session)).every((row) => !ids.has(row.thread ?? null));
  if (gone && (await waitFor(server.clock, { withinMs: cutMs, everyMs: pictureMs }, ended))) return;
  throw new Problem("timed-out", {
    what: `connections to "${server.host.name}" could not be cut within ${cutMs} ms`,
    why: "a transaction may still be rolled back",
    next: "wait, then try again: changeover status shows whether the server takes writes",
  });
}

export async function kill(server: Server, session: Session, rows: Row[]): Promise<void> {
  if (rows.length > 0) await server.host.claim();
  for (const { ID: id } of rows) {
    try {
      await session.read({ sql: `KILL HARD CONNECTION ${Number(id)}` });
    } catch (error) {
      // It left by itself.
      if (errorNumber(error) !== noSuchThread) throw error;
    }
  }
}
