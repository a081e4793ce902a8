/** Following a primary, standing still at a position, and becoming the primary. */
import { waitFor } from "../../model/clock.ts";
import { Problem } from "../../model/problem.ts";
import { replicationUser } from "./accounts.ts";
import { fenced } from "./config.ts";
import { parseReplication, type Replication } from "./parse.ts";
import { covers, normalisePosition } from "./position.ts";
import { keepState, readState, type Server } from "./server.ts";
import type { Session } from "./wire.ts";

const followMs = 15_000;
/** Stopping waits for the transactions that the appliers have begun. */
const stopMs = 60_000;

export async function readReplication(session: Session): Promise<Replication | null> {
  const [row] = await session.read({ sql: "SHOW SLAVE STATUS" });
  return parseReplication(row);
}

/**
 * What was replicated and is committed, and beyond that what the server wrote itself. The position of the log alone
 * would be too early on a replica: an applier logs a transaction a moment before its rows can be read.
 */
export async function readPosition(session: Session): Promise<string> {
  const [row] = await session.read({ sql: "SELECT @@gtid_current_pos AS position" });
  return normalisePosition(row?.position ?? "");
}

export async function isWritable(session: Session): Promise<boolean> {
  const [row] = await session.read({ sql: "SELECT @@read_only AS closed" });
  return row?.closed === "0";
}

/** A primary in service must not become a replica by mistake: its fence is a decision of its own. */
export async function refuseWritable(server: Server, session: Session, doing: string): Promise<void> {
  if (await isWritable(session)) throw servesStill(server, doing);
}

export const servesStill = (server: Server, doing: string): Problem =>
  new Problem("refused", {
    what: `"${server.host.name}" takes writes and can't ${doing}`,
    why: "it may be the primary in service",
    next: "fence it first: changeover status shows who serves",
  });

export async function follow(server: Server, primary: { address: string; port: number }): Promise<void> {
  await server.session(async (session) => {
    await refuseWritable(server, session, "follow another server");
    const now = await readReplication(session);
    const same = now?.host === primary.address && now.port === primary.port && now.running;
    if (same && (await readState(server)).replicates) return;
    // Standing still first, following last: a server that restarts in between follows nobody, never the old primary.
    await keepState(server, fenced);
    await session.change({ sql: "STOP SLAVE", timeoutMs: stopMs });
    await pointAt(server, session, primary);
    await session.change({ sql: "START SLAVE" });
    await awaitFollowing(server, session, primary);
    await keepState(server, { writable: false, replicates: true });
  });
}

async function pointAt(server: Server, session: Session, primary: { address: string; port: number }): Promise<void> {
  // Without "demote" an old primary would ask from where it last was a replica, and repeat its own transactions.
  await session.change({
    sql:
      "CHANGE MASTER TO MASTER_HOST=?, MASTER_PORT=?, MASTER_USER=?, MASTER_PASSWORD=?, MASTER_CONNECT_RETRY=1," +
      " MASTER_USE_GTID=slave_pos, MASTER_DEMOTE_TO_SLAVE=1",
    values: [primary.address, primary.port, replicationUser, server.secrets("database.replication")],
  });
}

async function awaitFollowing(server: Server, session: Session, primary: { address: string }): Promise<void> {
  let last: Replication | null = null;
  const running = await waitFor(server.clock, { withinMs: followMs, everyMs: 25 }, async () => {
    last = await readReplication(session);
    return last?.running || last?.fatal;
  });
  const seen = last as Replication | null;
  if (running && seen?.running) return;
  const why = seen?.error ?? `the threads did not run within ${followMs} ms`;
  await detach(session);
  const [what, next] = seen?.fatal
    ? ["its data has parted from the primary's", "seed it again from the primary"]
    : ["it can't reach the primary", "changeover status"];
  throw new Problem(seen?.fatal ? "refused" : "unreachable", {
    what: `"${server.host.name}" can't follow ${primary.address}: ${what}`,
    why,
    next,
  });
}

async function detach(session: Session): Promise<void> {
  await session.change({ sql: "STOP SLAVE", timeoutMs: stopMs });
  await session.change({ sql: "RESET SLAVE ALL" });
}

/** Keeps what is applied; what was received and not applied is dropped, as it is beyond the position. */
export async function freeze(server: Server): Promise<void> {
  await server.session(async (session) => {
    await refuseWritable(server, session, "be frozen");
    // First, so that no restart brings in what the primary does next.
    await keepState(server, fenced);
    if (await readReplication(session)) await detach(session);
    if ((await readReplication(session)) === null && !(await isWritable(session))) return;
    throw new Problem("step-failed", {
      what: `"${server.host.name}" is not frozen`,
      why: "it still follows a primary after RESET SLAVE ALL",
      next: "changeover status",
    });
  });
}

/** The order keeps one rule: what the server does at its next boot is never more open than what it does now. */
export async function promote(server: Server): Promise<void> {
  await server.session(async (session) => {
    if (!(await isWritable(session))) await keepState(server, fenced);
    if (await readReplication(session)) await detach(session);
    await session.change({ sql: "SET GLOBAL sync_binlog=1" });
    await session.change({ sql: "SET GLOBAL innodb_flush_log_at_trx_commit=1" });
    await session.change({ sql: "SET GLOBAL read_only=0" });
    // Only now: a crash before this line leaves a closed server, which people can open; two open ones can't be mended.
    await keepState(server, { writable: true, replicates: false });
    if ((await isWritable(session)) && (await readReplication(session)) === null) return;
    throw new Problem("step-failed", {
      what: `"${server.host.name}" is not the primary`,
      why: "it is still read only or still follows a primary",
      next: "changeover status",
    });
  });
}

/** Waits in slices, so that an applier that failed is told at once instead of at the limit. */
export async function awaitPosition(server: Server, position: string, timeoutMs: number): Promise<boolean> {
  const wanted = normalisePosition(position);
  const deadline = server.clock.now() + timeoutMs;
  return server.session(async (session) => {
    for (;;) {
      // MASTER_GTID_WAIT knows only what was replicated; what a primary wrote itself is here as well.
      if (covers(await readPosition(session), wanted)) return true;
      const replication = await readReplication(session);
      if (replication?.fatal) {
        throw new Problem("unhealthy", {
          what: `"${server.host.name}" stopped applying before position ${wanted}`,
          why: replication.error ?? "no reason given",
          next: "seed it again from the primary",
        });
      }
      const leftMs = deadline - server.clock.now();
      if (leftMs <= 0) return false;
      const sliceMs = Math.min(leftMs, 500);
      await session.read({ sql: "SELECT MASTER_GTID_WAIT(?, ?)", values: [wanted, sliceMs / 1000] });
    }
  });
}
