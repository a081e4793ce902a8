/** Copies of a simulated database: seeded replicas, backups, and backups started on a spare server. */
import type { Backup, BackupNote, BackupReason } from "../../model/backup.ts";
import type { Clock } from "../../model/clock.ts";
import type { Database } from "../../model/database.ts";
import { Problem } from "../../model/problem.ts";
import { type Act, follow, servesStill } from "./database-changes.ts";
import type { DatabaseServer } from "./database-server.ts";
import { History } from "./history.ts";

interface Copying {
  plane: { clock: Clock };
  act: Act;
  start(): Promise<void>;
  stop(): Promise<void>;
  server(): DatabaseServer;
  serverOf(database: Database): DatabaseServer;
}

const COPY_MS = 800;
const BACKUP_MS = 400;

/** Emptied first and filled last, so that a half copy is never taken for a whole one. */
export async function fillFrom({ act, start, stop, server, serverOf }: Copying, source: Database): Promise<void> {
  refuseServing(server());
  const primary = { address: source.address, port: source.port };
  const { up, follows, bootsFollowing, parted, settings } = server();
  const same = follows?.address === primary.address && parted === null && bootsFollowing;
  if (up && settings && same) return;
  await empty({ act, stop });
  await act("receive the copy", COPY_MS, (on) => {
    const from = serverOf(source);
    if (!from.up) throw gone(from);
    on.refill(from.history.copy(), from.settings);
    on.openedBy = from.openedBy;
  });
  await start();
  await follow(act, primary);
}

export async function restoreFrom(
  { act, start, stop, server, serverOf }: Copying,
  from: Database,
  backupId: string,
): Promise<void> {
  refuseServing(server());
  const origin = `${from.name}/${backupId}`;
  if (server().up && server().origin === origin) return;
  await empty({ act, stop });
  await act("receive the backup", COPY_MS, (on) => {
    const source = serverOf(from);
    const held = source.backups.get(backupId);
    if (!held) throw noBackup(from.name, backupId);
    on.refill(held.history.copy(), source.settings);
    on.openedBy = source.openedBy;
    on.origin = origin;
  });
  await start();
}

export async function takeBackup({ plane, act, server }: Copying, id: string, why: BackupReason): Promise<Backup> {
  const known = server().backups.get(id);
  if (known) return known.backup;
  return act("back up", BACKUP_MS, (on) => {
    if (!on.up) throw gone(on);
    const [position, bytes, takenAt] = [on.history.position, on.bytes, plane.clock.now()];
    const backup: Backup = { id, position, bytes, takenAt, why, content: null, verified: null, failed: null };
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

async function empty({ act, stop }: Pick<Copying, "act" | "stop">): Promise<void> {
  await stop();
  await act("empty", 10, (on) => on.refill(new History(), null));
}

/** Also when it is down: a primary that crashed a moment ago is still the primary. */
function refuseServing(server: DatabaseServer): void {
  if (server.writable || server.bootsOpen) throw servesStill(server, "be overwritten by a copy");
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
    next: "changeover backups",
  });
