/** What an upgrade asks of one database server; nothing here trusts a lag in seconds. */

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

export interface TableSum {
  table: string;
  rows: number;
  sum: string;
}

export interface Backup {
  id: string;
  /** Position of the data in it. */
  position: string;
  bytes: number;
}

/** What stands in the way of a fence being whole. */
export interface Blocker {
  what: "connection" | "transaction" | "prepared" | "event";
  detail: string;
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

  /** Exact position of what is applied here, comparable with `===` between a fenced primary and its replicas. */
  position(): Promise<string>;

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

  /** Kept on the host of this server until removed; the same id again gives the same backup. */
  backup(id: string): Promise<Backup>;
  backups(): Promise<Backup[]>;
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
  /** First column of each row, as text; for reading the ledger back. */
  readColumn(sql: string): Promise<string[]>;
}
