/** Copies of a simulated database: seeded replicas, backups, and backups started on a spare server. */
import type { Backup, Database } from "../../model/database.ts";
import { Problem } from "../../model/problem.ts";
import type { DatabaseServer } from "./database-server.ts";
import { History } from "./history.ts";

interface Copying {
  act<T>(what: string, takesMs: number, work: (on: DatabaseServer) => T): Promise<T>;
  start(): Promise<void>;
  stop(): Promise<void>;
  server(): DatabaseServer;
  serverOf(database: Database): DatabaseServer;
}

const COPY_MS = 800;
const BACKUP_MS = 400;

/** Emptied first and filled last, so that a half copy is never taken for a whole one. */
export async function fillFrom({ act, start, stop, server, serverOf }: Copying, source: Database): Promise<void> {
  refuseWritable(server(), "be overwritten by a copy");
  const primary = { address: source.address, port: source.port };
  const { up, follows, parted, settings } = server();
  if (up && settings && parted === null && follows?.address === primary.address) return;
  await empty({ act, stop });
  await act("receive the copy", COPY_MS, (on) => {
    const from = serverOf(source);
    if (!from.up) throw gone(from);
    on.refill(from.history.copy(), from.settings);
  });
  await start();
  await act("follow", 20, (on) => on.follow(primary));
}

export async function restoreFrom(
  { act, start, stop, server, serverOf }: Copying,
  from: Database,
  backupId: string,
): Promise<void> {
  refuseWritable(server(), "be overwritten by a copy");
  const origin = `${from.name}/${backupId}`;
  if (server().up && server().origin === origin) return;
  await empty({ act, stop });
  await act("receive the backup", COPY_MS, (on) => {
    const source = serverOf(from);
    const held = source.backups.get(backupId);
    if (!held) throw noBackup(from.name, backupId);
    on.refill(held.history.copy(), source.settings);
    on.origin = origin;
  });
  await start();
}

export async function takeBackup({ act, server }: Copying, id: string): Promise<Backup> {
  const known = server().backups.get(id);
  if (known) return known.backup;
  return act("back up", BACKUP_MS, (on) => {
    if (!on.up) throw gone(on);
    const backup = { id, position: on.history.position, bytes: 1024 * (1 + on.history.length) };
    on.backups.set(id, { backup, history: on.history.copy() });
    return backup;
  });
}

async function empty({ act, stop }: Pick<Copying, "act" | "stop">): Promise<void> {
  await stop();
  await act("empty", 10, (on) => on.refill(new History(), null));
}

export function refuseWritable(server: DatabaseServer, doing: string): void {
  if (!server.open) return;
  throw new Problem("refused", {
    what: `"${server.name}" takes writes and can't ${doing}`,
    why: "it may be the primary in service",
    next: "fence it first: changeover status shows who serves",
  });
}

const gone = ({ name }: DatabaseServer): Problem =>
  new Problem("unreachable", {
    what: `"${name}" can't be copied`,
    why: "its database does not run",
    next: "changeover status",
  });

const noBackup = (name: string, id: string): Problem =>
  new Problem("not-found", {
    what: `"${name}" has no backup "${id}"`,
    why: "it was never finished, or it was removed",
    next: "changeover status",
  });
