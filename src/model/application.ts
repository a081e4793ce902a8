/** What an upgrade asks of one application server: put a release on it, run its roles, probe it. */
import type { Inputs } from "./credential.ts";
import type { Endpoint } from "./load-balancer.ts";
import type { JobState, LineCount, LinesAsked, ServiceState, Stored } from "./host.ts";

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
  /** A credential stands here by its name only. */
  inputs: Inputs;
  /** What the release runs on; null when it asks for nothing. */
  runtime: Runtime | null;
  database: Endpoint;
}

export interface Runtime {
  /** Put before PATH; relative to the release's folder. */
  path: string | null;
  /** Exits 0 where the server has it. */
  check: string | null;
}

/** A check of the user's own: a line for `/bin/sh -c` in the release's folder; good when it exits 0 in time. */
export interface ScriptCheck {
  run: string;
  seconds: number;
}

export interface Application {
  readonly name: string;
  readonly address: string;
  /** The release on disk becomes this one; running processes are left alone. Safe to repeat. */
  install(install: Install, artefactTar: () => Promise<Buffer | Stored>): Promise<void>;
  installed(): Promise<Install | null>;
  /** The files of an artefact, beside the release that is there, so that it is installed in a moment. Safe to repeat. */
  bring(artefact: string, artefactTar: () => Promise<Buffer | Stored>): Promise<void>;
  /** The artefact that was brought and not installed since. */
  brought(): Promise<string | null>;
  forgetBrought(): Promise<void>;
  start(role: Role): Promise<void>;
  stop(role: Role, graceMs: number): Promise<void>;
  state(role: Role): Promise<ServiceState>;
  /** Asks this server itself, not through a load balancer. Null when it holds, else what was seen instead. */
  probe(check: HttpCheck, timeoutMs: number): Promise<string | null>;
  /** Null when the script exits 0 in time, else how it ended and what it printed. */
  runCheck(check: ScriptCheck): Promise<string | null>;
  /** Lines of what a role printed, or of a file in the server's folder. */
  countLines(log: Role | { file: string }, asked: LinesAsked): Promise<LineCount>;
  /** Runs a command in the release's folder as a job: its migration, a hot-fix; the same id attaches. */
  startTask(task: Task): Promise<void>;
  task(id: string): Promise<JobState>;
  /** Ends it; one that never began never will. */
  cancelTask(id: string): Promise<void>;
}

export interface Task {
  id: string;
  command: string;
  timeoutMs: number;
  /** `migration` may write through the fence while that is allowed. */
  account: "application" | "migration";
  /** Straight to this server; null: through the endpoint that the release was installed with. */
  database: Endpoint | null;
  /** Beside the release's own. */
  inputs: Record<string, string>;
}
