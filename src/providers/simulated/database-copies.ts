/** Copies of a simulated database: seeded replicas, backups, and backups started on a spare server. */
import { type Backup, type BackupNote, type BackupReason, isBackupId } from "../../model/backup.ts";
import type { Database } from "../../model/database.ts";
import { Problem } from "../../model/problem.ts";
import { follow, followsWell, type Following, running, servesStill } from "./database-changes.ts";
import type { DatabaseServer } from "./database-server.ts";
import { History } from "./history.ts";

interface Copying extends Following {
  start(): Promise<void>;
  stop(): Promise<void>;
  serverOf(database: Database): DatabaseServer;
}

const COPY_MS = 800;
const BACKUP_MS = 400;

/** Emptied first and filled last, so that a half copy is never taken for a whole one. */
export async function fillFrom(copying: Copying, source: Database): Promise<void> {
  const { act, start, stop, server, serverOf } = copying;
  refuseSame(server(), serverOf(source));
  holding(serverOf(source));
  refuseServing(server());
  const primary = { address: source.address, port: source.port };
  if (server().up && followsWell(server(), primary)) return;
  running(serverOf(source));
  await empty({ act, stop });
  await act("receive the copy", COPY_MS, (on) => {
    const from = running(serverOf(source));
    on.refill(from.history.copy(), from.settings);
    on.openedBy = from.openedBy;
  });
  await start();
  await follow(copying, primary);
}

export async function restoreFrom(
  { act, start, stop, server, serverOf }: Copying,
  from: Database,
  backupId: string,
): Promise<void> {
  const held = () => {
    const found = serverOf(from).backups.get(backupId);
    if (found) return found;
    throw noBackup(from.name, backupId);
  };
  const { position } = held().backup;
  refuseSame(server(), serverOf(from));
  refuseServing(server());
  const origin = `${from.name}/${backupId}`;
  const { up, follows, history } = server();
  if (up && server().origin === origin && follows === null && history.position === position) return;
  await empty({ act, stop });
  await act("receive the backup", COPY_MS, (on) => {
    on.refill(held().history.copy(), serverOf(from).settings);
    on.openedBy = serverOf(from).openedBy;
    on.origin = origin;
  });
  await start();
}

export async function takeBackup({ plane, act, server }: Copying, id: string, why: BackupReason): Promise<Backup> {
  refuseName(id);
  holding(server());
  const known = server().backups.get(id);
  if (known) return known.backup;
  return act("back up", BACKUP_MS, (on) => {
    const [position, bytes, takenAt] = [running(on).history.position, on.bytes, plane.clock.now()];
    const unknown = { lineage: null, content: null, verified: null, failed: null };
    const backup: Backup = { id, position, bytes, takenAt, why, ...unknown };
    on.backups.set(id, { backup, history: on.history.copy() });
    return backup;
  });
}

export const noteBackup = ({ act }: Copying, id: string, note: BackupNote): Promise<void> =>
  act("note what is known of a backup", 2, (on) => {
    const held = on.backups.get(id);
    if (!held) throw noBackup(on.name, id);
    on.backups.set(id, { ...held, backup: { ...held.backup, ...note } });
  });

export async function removeBackup({ act }: Copying, id: string): Promise<void> {
  refuseName(id);
  await act("remove backup", 5, (on) => void on.backups.delete(id));
}

/** Anything that needs data refuses a server on which nothing was ever created. */
export function holding(server: DatabaseServer): DatabaseServer {
  if (server.settings) return server;
  throw new Problem("not-found", {
    what: `"${server.name}" holds no database`,
    why: "it was never created, seeded or restored there",
    next: "changeover status",
  });
}

async function empty({ act, stop }: Pick<Copying, "act" | "stop">): Promise<void> {
  await stop();
  await act("empty", 10, (on) => on.refill(new History(), null));
}

/** Also when it is down: a primary that crashed a moment ago is still the primary. */
function refuseServing(server: DatabaseServer): void {
  if (server.writable || server.bootsOpen) throw servesStill(server, "be overwritten by a copy");
}

/** Not by its name: a server of another environment may have the same. */
function refuseSame(server: DatabaseServer, source: DatabaseServer): void {
  if (server !== source) return;
  throw new Problem("refused", {
    what: `"${server.name}" can't be a copy of itself`,
    why: "source and target are one server",
    next: "name a spare server",
  });
}

function refuseName(id: string): void {
  if (isBackupId(id)) return;
  throw new Problem("bad-input", {
    what: `"${id}" can't be the name of a backup`,
    why: "it is a folder's name: small letters, digits and dashes, at most 71",
    next: "choose another name",
  });
}

const noBackup = (name: string, id: string): Problem =>
  new Problem("not-found", {
    what: `"${name}" has no backup "${id}"`,
    why: "it was never finished, or it was removed",
    next: "changeover backups",
  });
