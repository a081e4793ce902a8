/** What an upgrade asks of one database server; nothing here trusts a lag in seconds. */
import type { TableSum } from "./content.ts";
import type { Backup, BackupNote, BackupReason } from "./backup.ts";
import type { LineCount, LinesAsked } from "./host.ts";
import type { WriteEvent, WritesSince } from "./row-events.ts";
import type { SchemaTable, TouchedTable } from "./schema-change.ts";

export interface DatabaseSettings {
  /** The application's database and its account. */
  name: string;
  user: string;
  port: number;
}

export interface DatabaseHealth {
  running: boolean;
  /** Takes writes of the application. */
  writable: boolean;
  /** Host of the primary it replicates from, null when it follows nobody. */
  following: string | null;
  /** Both replication threads run without error. */
  replicating: boolean;
  /** Last replication error, as the product words it. */
  error: string | null;
  /**
   * What it does at its next boot, as the files on its host say; also told when it is down. A crash in the middle of a
   * change leaves these different from `writable` and `following`: repeating the change makes them agree.
   */
  bootsWritable: boolean;
  bootsFollowing: boolean;
}

/** What stands in the way of a fence being whole. */
export interface Blocker {
  what: "connection" | "transaction" | "prepared" | "event";
  detail: string;
}

/** What an upgrade needs to know of a server before it begins. */
export interface DatabaseReadiness {
  /** Open for at least as long as was asked for, longest first; ours are left out. Never shows what was said in them. */
  longTransactions: { seconds: number; user: string; detail: string }[];
  /** How many transactions a replica applies at once; null when the product does not say. */
  applierThreads: number | null;
  /** What a copy of the server takes. */
  dataBytes: number;
  binlogBytes: number;
  /** Where the server's own directory lies; servers that share a disk name the same file system. */
  disk: { fileSystem: string; freeBytes: number };
}

export interface Database {
  readonly name: string;
  readonly address: string;
  readonly port: number;

  /** A new, empty, fenced server with its accounts. Safe to repeat. */
  create(settings: DatabaseSettings, serverId: number): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
  health(): Promise<DatabaseHealth>;
  /** Lines of what it printed. */
  countLines(asked: LinesAsked): Promise<LineCount>;

  /** Changes nothing. The server must run. */
  readiness(longSeconds: number): Promise<DatabaseReadiness>;

  /** Exact position of what is applied here, comparable with `===` between a fenced primary and its replicas. */
  position(): Promise<string>;
  /** How many transactions it has beyond a position that it once had; null when it never had that one. */
  transactionsSince(position: string): Promise<number | null>;

  /**
   * No write of the application is accepted any more, also after a restart; its connections are cut. So are those of
   * the migration account, which has to be allowed again. When the server refuses, it stays open, and boots open too.
   */
  fence(): Promise<void>;
  /** Takes writes again, also after a restart. Safe to repeat. Never called while another server may be writable. */
  unfence(): Promise<void>;
  /**
   * Whether the migration account writes through the fence, on this server only: no copy of it inherits that. While it
   * is not allowed, the account is one more application. Its connections are cut when it ends. Safe to repeat.
   */
  allowMigration(on: boolean): Promise<void>;
  /** Empty when no write can be on its way, neither of the application nor of the migration account. */
  blockers(): Promise<Blocker[]>;

  /** Makes this server a copy of the source that follows it. The source keeps working. */
  seedFrom(source: Database): Promise<void>;
  /** Replicates from the primary, also after a restart. Safe to repeat. */
  follow(primary: { address: string; port: number }): Promise<void>;
  /** True when everything up to the position is applied here, false when the limit passed. */
  awaitPosition(position: string, timeoutMs: number): Promise<boolean>;
  /** Stops replicating and keeps what it has. */
  freeze(): Promise<void>;
  /** Follows nobody and takes writes, also after a restart. Safe to repeat. */
  promote(): Promise<void>;

  /** Kept on the host of this server until removed; the same id again gives the same backup. Why: "upgrade" unless told. */
  backup(id: string, why?: BackupReason): Promise<Backup>;
  /** Also while the server is stopped. */
  backups(): Promise<Backup[]>;
  /** Writes down beside a backup what was learnt of it. */
  noteBackup(id: string, note: BackupNote): Promise<void>;
  removeBackup(id: string): Promise<void>;
  /** Starts a copy of the backup on this (spare, empty) server, following nobody, fenced. */
  restore(from: Database, backupId: string): Promise<void>;

  /** Ours, of a copy: each opens with this environment's own secret and with no other. Safe to repeat, never replicated. */
  renewAccounts(): Promise<void>;
  /** Names of our accounts that a secret of this set opens. */
  accountsOpenedBy(secret: (name: string) => string): Promise<string[]>;

  /** What the tables of the application's database take, with their indexes. */
  bytes(): Promise<number>;
  /** Per table of the application's database, sorted by name. */
  checksums(): Promise<TableSum[]>;
  /** One hash over tables, columns, types, keys and indexes of the application's database. */
  schemaFingerprint(): Promise<string>;
  /** Tables, views and their columns of the application's database, in the order of their names. */
  readSchema(): Promise<SchemaTable[]>;
  /**
   * Begins anew, or ends, to count what is done with each table. Asking the server anything of this interface but
   * `checksums` and `readColumn` touches none. Only on a copy that nobody else uses; a restart ends it.
   */
  watchTables(on: boolean): Promise<void>;
  /**
   * Those of which rows were found or changed since the watching began, whatever became of the change: of each
   * statement when it has ended. Refused while nobody watches, since nothing would look like everything.
   */
  touchedTables(): Promise<TouchedTable[]>;
  /**
   * What was written to the application's database after this position, in the order in which it happened, decoded from
   * the server's own log; throws a Problem when that no longer reaches back so far, never counts less. Rows that a
   * foreign key's cascade removed are in no log. `keep` is given each event and awaited.
   */
  writesSince(position: string, keep?: (event: WriteEvent) => Promise<void>): Promise<WritesSince>;
  /** First column of each row, as text; for reading the ledger back. */
  readColumn(sql: string): Promise<string[]>;
}
