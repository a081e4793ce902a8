/** Backups on the server's own host: prepared, ready to start, and listed only when they are whole. */
import { z } from "zod";
import { type Backup, type BackupNote, type BackupReason, backupReasons, isBackupId } from "../../model/backup.ts";
import { Problem } from "../../model/problem.ts";
import { endAttempt, runWork } from "./jobs.ts";
import { parseBinlogInfo } from "./parse.ts";
import { quote } from "./paths.ts";
import { backupWords } from "./seed.ts";
import { requireAnswer, requireTools, settingsOf, type Server } from "./server.ts";

const backupMs = 6 * 3_600_000;
/** What is missing was not written down yet by the release that took it. */
const manifestSchema = z.strictObject({
  id: z.string(),
  position: z.string(),
  bytes: z.number(),
  takenAt: z.number().default(0),
  why: z.enum(backupReasons).default("upgrade"),
  lineage: z.string().nullable().default(null),
  content: z
    .strictObject({
      schema: z.string(),
      tables: z.array(z.strictObject({ table: z.string(), rows: z.number(), sum: z.string() })),
    })
    .nullable()
    .default(null),
  verified: z
    .strictObject({ at: z.number(), against: z.enum(["source", "record"]), tables: z.number(), rows: z.number() })
    .nullable()
    .default(null),
  failed: z.strictObject({ at: z.number(), why: z.string() }).nullable().default(null),
});

export const dataOf = (server: Server, id: string): string => `${server.paths.backups}/${id}/data`;
const manifestOf = (server: Server, id: string): string => `${server.paths.backups}/${id}/manifest.json`;

export async function takeBackup(server: Server, id: string, why: BackupReason): Promise<Backup> {
  refuseName(id);
  await settingsOf(server);
  const known = await readBackup(server, id);
  if (known) return known;
  await requireTools(server);
  await requireAnswer(server);
  const data = quote(server.paths.absolute(dataOf(server, id)));
  const size = `${quote(server.paths.absolute(server.paths.backups))}/${id}/bytes`;
  const words = await backupWords(server, [`--target-dir=${server.paths.absolute(dataOf(server, id))}`]);
  // The size is written last by the job: with it, a backup that ended while nobody looked is not taken again.
  const command =
    `rm -rf ${data} ${size} && mkdir -p -m 700 ${data} && ${words.map(quote).join(" ")}` +
    ` && mariadb-backup --prepare --use-memory=64M --target-dir=${data} && du -sb ${data} | cut -f1 > ${size}.part && mv ${size}.part ${size}`;
  const sizeFile = `${server.paths.backups}/${id}/bytes`;
  if ((await server.host.readFile(sizeFile)) === null) {
    await runWork(server, { name: `backup-${id}`, command, timeoutMs: backupMs });
  }
  const bytes = Number((await server.host.readFile(sizeFile))?.trim());
  const info = await server.host.readFile(`${dataOf(server, id)}/xtrabackup_binlog_info`);
  if (info === null || !(bytes > 0)) {
    throw new Problem("step-failed", {
      what: `backup "${id}" of "${server.host.name}" is not whole`,
      why: "mariadb-backup ended well and left no position or no data",
      next: "remove the backup, then try again",
    });
  }
  const [position, takenAt] = [parseBinlogInfo(info), server.clock.now()];
  const unknown = { lineage: null, content: null, verified: null, failed: null };
  const backup: Backup = { id, position, bytes, takenAt, why, ...unknown };
  await writeManifest(server, backup);
  return backup;
}

const writeManifest = (server: Server, backup: Backup): Promise<void> =>
  server.host.putFile(manifestOf(server, backup.id), `${JSON.stringify(backup)}\n`);

export async function noteBackup(server: Server, id: string, note: BackupNote): Promise<void> {
  await writeManifest(server, { ...(await requireBackup(server, id)), ...note });
}

/** Null when there is none, or only half of one. */
async function readBackup(server: Server, id: string): Promise<Backup | null> {
  const text = await server.host.readFile(manifestOf(server, id));
  return text === null ? null : manifestSchema.parse(JSON.parse(text));
}

export async function listBackups(server: Server): Promise<Backup[]> {
  const folder = quote(server.paths.backups);
  const listed = await server.host.exec(`[ ! -d ${folder} ] || ls -1 ${folder}`, { timeoutMs: 10_000, reading: true });
  if (listed.code !== 0) {
    throw new Problem("unreachable", {
      what: `the backups of "${server.host.name}" can't be listed`,
      why: listed.stderr.trim() || "the host did not answer",
      next: "changeover status",
    });
  }
  const found: Backup[] = [];
  for (const id of listed.stdout.split("\n").filter((line) => line !== "")) {
    const backup = await readBackup(server, id);
    if (backup) found.push(backup);
  }
  return found;
}

export async function removeBackup(server: Server, id: string): Promise<void> {
  refuseName(id);
  await endAttempt(server, `backup-${id}`);
  // The manifest first: what is half removed must not be offered.
  await server.host.remove(manifestOf(server, id));
  await server.host.remove(`${server.paths.backups}/${id}`);
}

export async function requireBackup(server: Server, id: string): Promise<Backup> {
  const backup = await readBackup(server, id);
  if (backup) return backup;
  throw new Problem("not-found", {
    what: `"${server.host.name}" has no backup "${id}"`,
    why: "it was never finished, or it was removed",
    next: "changeover backups",
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
