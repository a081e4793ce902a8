/** The fence: a server that takes no write of the application, now and after any restart. */
import { waitFor } from "../../model/clock.ts";
import type { Blocker } from "../../model/database.ts";
import { asProblem, Problem } from "../../model/problem.ts";
import { clients, endAll, kill, openTransactions } from "./clients.ts";
import { closePassageAtStart, revokePassage } from "./passage.ts";
import { isWritable, readReplication } from "./replication.ts";
import { isDown, keepState, readState, type Server } from "./server.ts";
import { errorNumber, type Session } from "./wire.ts";

const lockWaitSeconds = 3;
const reachableMs = 10_000;
const lockWaitTimeout = 1205;

export async function fence(server: Server): Promise<void> {
  // The file first: if we die below, or the server is down, its next boot is closed. Failing closed is right.
  await keepState(server, { ...(await readState(server)), writable: false });
  if (await isDown(server)) return closePassageAtStart(server);
  await whenReachable(server, async (session) => {
    const standing = await clients(server, session);
    await closeOrStayOpen(server, session);
    await revokePassage(server, session);
    // Those who were connected before may hold locks and half transactions; whoever comes now can only read.
    await endAll(server, session, [...standing, ...(await clients(server, session))]);
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
      if (!(await isDown(server))) return false;
      await closePassageAtStart(server);
      return true;
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

/** A server that takes writes and would come up closed is an outage that waits for its next restart. */
async function closeOrStayOpen(server: Server, session: Session): Promise<void> {
  try {
    await close(server, session);
  } catch (error) {
    // Only when the server itself refused: a statement that may still run could close it behind an open file.
    const refused = error instanceof Problem && (error.kind === "timed-out" || error.kind === "step-failed");
    if (refused && (await isWritable(session))) await keepState(server, { writable: true, replicates: false });
    throw error;
  }
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
  await kill(server, session, await clients(server, session));
  try {
    await session.change(set);
  } catch (error) {
    if (errorNumber(error) !== lockWaitTimeout) throw error;
    const held = (await blockers(server, session)).map(({ what, detail }) => `${what} ${detail}`).join("; ");
    throw new Problem(
      "timed-out",
      {
        what: `"${server.host.name}" could not be fenced within ${2 * lockWaitSeconds} s`,
        why: `something holds its tables: ${held || "not a connection of the application or of its migration"}`,
        next: "end it, then try again; until then the server takes writes as before",
      },
      error,
    );
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
    await revokePassage(server, session);
    // The reverse of the fence: open now, and at the next boot only once that is done.
    await session.change({ sql: "SET GLOBAL read_only=0" });
    await keepState(server, { writable: true, replicates: false });
    if (await isWritable(session)) return;
    throw asProblem(new Error(`"${server.host.name}" is still read only`));
  });
}

export async function blockers(server: Server, session: Session): Promise<Blocker[]> {
  const found: Blocker[] = [];
  for (const row of await clients(server, session)) {
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
