/** A backup as it is known from beside its data: what it holds, why it was taken, and whether it was ever proven. */
import type { TableSum } from "./content.ts";
import type { ServerRecord } from "./provider.ts";

/** Who wanted it: an upgrade, the schedule, a person, or a restore that keeps what it replaces. */
export const backupReasons = ["upgrade", "schedule", "person", "restore"] as const;
export type BackupReason = (typeof backupReasons)[number];

/** A backup's id is the name of a folder. */
export const isBackupId = (id: string): boolean => /^[a-z0-9][a-z0-9-]{0,70}$/.test(id);

/** What the source held at exactly the backup's position. */
export interface BackupContent {
  schema: string;
  tables: TableSum[];
}

export interface Verification {
  /** Milliseconds since 1970. */
  at: number;
  /** Its source was there to compare with, or only what had been written down when it was taken. */
  against: "source" | "record";
  tables: number;
  rows: number;
}

/** All of it is kept on the server that holds the data; it goes when the server goes. */
export interface Backup {
  id: string;
  /** Position of the data in it. */
  position: string;
  bytes: number;
  takenAt: number;
  why: BackupReason;
  /** Whose version of the data it is; null when nobody wrote it down: then it is of the environment that took it. */
  lineage: string | null;
  /** Null when nobody wrote it down: then there is nothing to prove it by. */
  content: BackupContent | null;
  /** The last time it was started and compared, and was the same. */
  verified: Verification | null;
  /** What went wrong the last time it was tried; null when it went well, or nobody tried. */
  failed: { at: number; why: string } | null;
}

/** What is learnt of a backup after it was taken. */
export type BackupNote = Partial<Pick<Backup, "content" | "verified" | "failed" | "lineage">>;

/** One backup and the server that holds it. */
export interface HeldBackup {
  server: string;
  /** Its server is kept for this and is retired by the next upgrade, with its backups; null: it is in service. */
  kept: string | null;
  backup: Backup;
}

/** One that was only taken is not one yet. */
export const isVerified = ({ verified, failed }: Backup): boolean => verified !== null && failed === null;

/** A version of this environment's own data, and not of another one's. */
export const isOfLineage = ({ lineage }: Backup, environment: string, own: string): boolean =>
  (lineage ?? environment) === own;

export const ofLineage = (held: readonly HeldBackup[], environment: string, own: string): HeldBackup[] =>
  held.filter(({ backup }) => isOfLineage(backup, environment, own));

/** Those that stay when the next upgrade retires what is kept. */
export const onShelf = (held: readonly HeldBackup[]): HeldBackup[] => held.filter(({ kept }) => kept === null);

export const newestVerified = (held: readonly HeldBackup[]): HeldBackup | null =>
  held
    .filter(({ backup }) => isVerified(backup))
    .reduce<HeldBackup | null>(
      (newest, one) => (newest === null || one.backup.takenAt > newest.backup.takenAt ? one : newest),
      null,
    );

/** A primary or a replica of it: neither put aside, nor a standby, nor a copy that nobody uses yet. */
export const isInService = ({ kind, labels }: ServerRecord): boolean =>
  kind === "database" && labels.kept === undefined && (labels.role === undefined || labels.role === "primary");

/** Whether scheduled backups run is written on the servers themselves; null: nobody ever said so. */
export function scheduleOn({ labels }: ServerRecord): boolean | null {
  return labels.backups === undefined ? null : labels.backups === "on";
}
