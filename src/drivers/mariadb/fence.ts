/** The fence: a server that takes no write of the application, now and after any restart. */
import { waitFor } from "../../model/clock.ts";
import type { Blocker } from "../../model/database.ts";
import { asProblem, Problem } from "../../model/problem.ts";
import { isApplication } from "./accounts.ts";
import { isWritable, readReplication } from "./replication.ts";
import { isDown, keepState, readState, settingsOf, type Server } from "./server.ts";
import { errorNumber, type Row, type Session } from "./wire.ts";

const lockWaitSeconds = 3;
const cutMs = 10_000;
const reachableMs = 10_000;
const lockWaitTimeout = 1205;
const noSuchThread = 1094;

export async function fence(server: Server): Promise<void> {
  // The file first: if anything below fails, or the server is down, its next boot is closed. Failing closed is right.
  await keepState(server, { ...(await readState(server)), writable: false });
  if (await isDown(server)) return;
  await whenReachable(server, async (session) => {
    const standing = await applications(server, session);
    await close(server, session);
    await cut(server, session, standing);
    if (!(await isWritable(session))) return;
    throw new Problem("step-failed", {
      what: `"${server.host.name}" still takes writes`,
      why: "read_only is 0 after it was set",
      next: "changeover status",
    });
  });
}

/** A server that just comes up may have read its files before the fence was in them: it must be asked, not assumed. */
async function whenReachable(server: Server, work: (session: Session) => Promise<void>): Promise<void> {
  let last: unknown = null;
  const closed = await waitFor(server.clock, { withinMs: reachableMs, everyMs: 50 }, async () => {
    try {
      await server.session(work);
      return true;
    } catch (error) {
      if (!(error instanceof Problem && error.kind === "unreachable")) throw error;
      last = error;
      return isDown(server);
    }
  });
  if (closed) return;
  throw new Problem(
    "unreachable",
    {
      what: `"${server.host.name}" could not be asked whether it takes writes`,
      why: asProblem(last).message,
      next: "stop the server: it is closed when it starts again",
    },
    last,
  );
}

/** Waits for running statements; one that does not end is killed with its connection, unacknowledged. */
async function close(server: Server, session: Session): Promise<void> {
  await session.change({ sql: `SET SESSION lock_wait_timeout=${lockWaitSeconds}` });
  const set = { sql: "SET GLOBAL read_only=1", timeoutMs: lockWaitSeconds * 1000 + 5_000 };
  try {
    return await session.change(set);
  } catch (error) {
    if (errorNumber(error) !== lockWaitTimeout) throw error;
  }
  await kill(server, session, await applications(server, session));
  try {
    await session.change(set);
  } catch (error) {
    if (errorNumber(error) !== lockWaitTimeout) throw error;
    const held = (await blockers(server, session)).map(({ what, detail }) => `${what} ${detail}`).join("; ");
    throw new Problem(
      "timed-out",
      {
        what: `"${server.host.name}" could not be fenced within ${2 * lockWaitSeconds} s`,
        why: `something holds its tables: ${held || "not a connection of the application"}`,
        next: "end it, then try again; the server stays closed after its next restart",
      },
      error,
    );
  }
}

/** Those who were connected before may hold locks and half transactions; whoever comes now can only read. */
async function cut(server: Server, session: Session, standing: Row[]): Promise<void> {
  const ids = new Set([...standing, ...(await applications(server, session))].map((row) => row.ID));
  const gone = await waitFor(server.clock, { withinMs: cutMs, everyMs: 10 }, async () => {
    const left = (await applications(server, session)).filter((row) => ids.has(row.ID));
    await kill(server, session, left);
    return left.length === 0 && (await openTransactions(session)).every((row) => !ids.has(row.thread ?? null));
  });
  if (gone) return;
  throw new Problem("timed-out", {
    what: `connections to "${server.host.name}" could not be cut within ${cutMs} ms`,
    why: "a transaction may still be rolled back",
    next: "wait, then try again; no write is accepted in the meantime",
  });
}

async function kill(server: Server, session: Session, rows: Row[]): Promise<void> {
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

export async function unfence(server: Server): Promise<void> {
  await server.session(async (session) => {
    const replication = await readReplication(session);
    if (replication) {
      throw new Problem("refused", {
        what: `"${server.host.name}" can't be opened`,
        why: `it follows ${replication.host}, which may take writes as well`,
        next: "promote it if it is to be the primary",
      });
    }
    // The reverse of the fence: open now, and at the next boot only once that is done.
    await session.change({ sql: "SET GLOBAL read_only=0" });
    await keepState(server, { writable: true, replicates: false });
    if (await isWritable(session)) return;
    throw asProblem(new Error(`"${server.host.name}" is still read only`));
  });
}

export async function blockers(server: Server, session: Session): Promise<Blocker[]> {
  const found: Blocker[] = [];
  for (const row of await applications(server, session)) {
    const doing = `${row.COMMAND} for ${row.TIME} s`;
    found.push({ what: "connection", detail: `${row.ID} of ${row.USER}@${row.HOST}, ${doing}` });
  }
  for (const row of await openTransactions(session)) {
    found.push({ what: "transaction", detail: `of connection ${row.thread}, ${row.changed} rows changed` });
  }
  for (const row of await session.read({ sql: "XA RECOVER" })) {
    found.push({ what: "prepared", detail: row.data ?? "" });
  }
  for (const row of await session.read({
    sql:
      "SELECT EVENT_SCHEMA AS folder, EVENT_NAME AS event FROM information_schema.EVENTS" +
      " WHERE STATUS='ENABLED' AND @@event_scheduler='ON'",
  })) {
    found.push({ what: "event", detail: `${row.folder}.${row.event}` });
  }
  return found;
}

async function applications(server: Server, session: Session): Promise<Row[]> {
  const settings = await settingsOf(server);
  const administrator = await server.administrator();
  const rows = await session.read({ sql: "SELECT ID, USER, HOST, COMMAND, TIME FROM information_schema.PROCESSLIST" });
  return rows.filter((row) => isApplication(row, settings, administrator));
}

/** Those that changed rows and have a connection; appliers of a replica belong to the server itself. */
const openTransactions = (session: Session): Promise<Row[]> =>
  session.read({
    sql:
      "SELECT t.trx_mysql_thread_id AS thread, t.trx_rows_modified AS changed FROM information_schema.INNODB_TRX t" +
      " LEFT JOIN information_schema.PROCESSLIST p ON p.ID = t.trx_mysql_thread_id" +
      " WHERE t.trx_rows_modified > 0 AND t.trx_mysql_thread_id > 0 AND COALESCE(p.USER, '') <> 'system user'",
  });
