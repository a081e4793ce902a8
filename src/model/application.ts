/** What an upgrade asks of one application server: put a release on it, run its roles, probe it. */
import type { Endpoint } from "./load-balancer.ts";
import type { ServiceState, Stored } from "./host.ts";

/** `web` answers requests; `worker` does jobs and cron. */
export type Role = "web" | "worker";

/** A request and what its answer must be; `{key}` in path or body becomes a fresh key each time. */
export interface HttpCheck {
  method: string;
  path: string;
  headers?: Record<string, string>;
  body?: string;
  expect: { status: number; body?: string };
}

export interface Install {
  release: string;
  /** Content hash of the artefact. */
  artefact: string;
  start: Partial<Record<Role, string>>;
  /** Run once on the server after unpacking; null when the release needs nothing. */
  prepare: string | null;
  inputs: Record<string, string>;
  database: Endpoint;
}

export interface Application {
  readonly name: string;
  readonly address: string;
  /** The release on disk becomes this one; running processes are left alone. Safe to repeat. */
  install(install: Install, artefactTar: () => Promise<Buffer | Stored>): Promise<void>;
  installed(): Promise<Install | null>;
  start(role: Role): Promise<void>;
  stop(role: Role, graceMs: number): Promise<void>;
  state(role: Role): Promise<ServiceState>;
  /** Asks this server itself, not through a load balancer. Null when it holds, else what was seen instead. */
  probe(check: HttpCheck, timeoutMs: number): Promise<string | null>;
  /** Runs the release's migrate command as a job; the same id attaches. */
  startMigration(job: MigrationJob): Promise<void>;
  migration(id: string): Promise<import("./host.ts").JobState>;
  cancelMigration(id: string): Promise<void>;
}

export interface MigrationJob {
  id: string;
  command: string;
  timeoutMs: number;
  /** Straight to the server to migrate, as an account that may write through the fence. */
  database: Endpoint;
  inputs: Record<string, string>;
}
