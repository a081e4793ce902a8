/** The host contract: what can be done on one server, whoever provides it. */
import type { Duplex, Readable } from "node:stream";

/**
 * `code` null means that the outcome is unknown (a dropped connection): never success, never failure.
 * 124 with a word about the limit in `stderr`: killed on the host, with everything it started, when its limit was over.
 */
export interface ExecResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface ExecOptions {
  timeoutMs: number;
  stdin?: string | Buffer;
  /** Added to the host's environment; travels by stdin, never in argv. */
  env?: Record<string, string>;
  /** Relative to the server's directory; the directory itself when left out. */
  cwd?: string;
  /** The command only looks and changes nothing: it carries no token, so it is never refused and shuts nobody out. */
  reading?: true;
}

/** A piece of work that outlives its caller: starting the same id again attaches to it. */
export interface Job {
  /** Chosen by the caller, unique for ever on this server: [a-z0-9-]{1,100}. */
  id: string;
  /** A line for `/bin/sh -c`. */
  command: string;
  env?: Record<string, string>;
  cwd?: string;
  /** Killed with everything it started when this is over; then `timedOut`. */
  timeoutMs: number;
}

export type JobState =
  | { state: "absent" }
  /** Milliseconds since 1970, by the host's clock. */
  | { state: "running"; sinceMs: number }
  | {
      state: "done";
      code: number;
      timedOut: boolean;
      cancelled: boolean;
      /** False when it was cancelled before any process of it was started: it did nothing, and never will. */
      began: boolean;
      output: string;
    }
  /** Its process is gone and left no exit code: the host was restarted or the job was killed from outside. */
  | { state: "lost"; output: string };

/** A process that is kept running, restarted when it dies, and survives the control plane. */
export interface Service {
  /** [a-z0-9-]{1,40}, one per server. */
  name: string;
  command: string;
  env?: Record<string, string>;
  cwd?: string;
}

export interface ServiceState {
  /** `stopped` only when nothing of it lives; asked to stop but not ended yet, it is `failing`, and `tail` says why. */
  state: "absent" | "stopped" | "running" | "failing";
  /** The process itself, not its supervisor; null unless running. */
  pid: number | null;
  /** Times it was started again since it was last asked to start. */
  restarts: number;
  /** The last lines of its log. */
  tail: string;
}

/** What a service of this name printed, or a file. */
export type Log = { service: string } | { file: string };

export interface LinesAsked {
  /** Extended regular expression; a line that matches counts. */
  pattern: string;
  /** Where the look before ended; null: begin at the end, and count nothing. */
  from: string | null;
  /** So much of what is new is looked at, at the end of it. */
  bytesMax: number;
}

/** Whole lines only: one that is still being written is left to the next look. */
export interface LineCount {
  lines: number;
  /** For the next look. */
  place: string;
  /** More was written than was looked at: there may have been more. */
  atLeast: boolean;
}

/** A promise that lapses by the host's own clock; `onLapse` then runs there once, without us. */
export interface Lease {
  name: string;
  seconds: number;
  /** A line for `/bin/sh -c`, run on the host when nobody renewed in time. */
  onLapse: string;
}

export type LeaseState = { state: "absent" } | { state: "held"; leftMs: number } | { state: "lapsed" };

/** Bytes that are too many to hold: read from where they are kept whenever they are sent. */
export interface Stored {
  bytes: number;
  open(): Readable;
}

export interface FileToPut {
  path: string;
  data: string | Buffer;
  /** Octal, 0o644 unless told. */
  mode?: number;
}

export interface Host {
  /** The server's name, unique in its environment. */
  readonly name: string;
  readonly address: string;
  /** The server's own directory on the host, absolute. All paths below are relative to it. */
  readonly directory: string;

  /** Short work that may be repeated. Anything long or not repeatable is a job. */
  exec(command: string, options: ExecOptions): Promise<ExecResult>;

  /** Written beside, synced, renamed; `mode` is octal, 0o644 unless told. */
  putFile(path: string, data: string | Buffer, mode?: number): Promise<void>;
  /** The same for several: none takes its place before all are written; then one after the other, in this order. */
  putFiles(files: FileToPut[]): Promise<void>;
  /** Null when there is no such file. */
  readFile(path: string): Promise<string | null>;
  /** Unpacks a tar beside and renames it into place, replacing what was there. */
  putTree(path: string, tar: Buffer | Stored): Promise<void>;
  remove(path: string): Promise<void>;

  startJob(job: Job): Promise<void>;
  jobState(id: string): Promise<JobState>;
  /** Ends the job and everything it started; done when it is. An id that never began is taken too, and never begins. */
  cancelJob(id: string): Promise<void>;

  /** Running with this very definition afterwards; a service that runs with another one is restarted. */
  startService(service: Service): Promise<void>;
  /** TERM, then after `graceMs` KILL, to everything the service started. Repeat it when it was broken off. */
  stopService(name: string, graceMs: number): Promise<void>;
  serviceState(name: string): Promise<ServiceState>;

  /** Changes nothing. A log that is not there yet has no lines; all of it counts once it is. */
  countLines(log: Log, asked: LinesAsked): Promise<LineCount>;

  /** Sets or renews. The seconds count from now, by the host's clock. */
  setLease(lease: Lease): Promise<void>;
  leaseState(name: string): Promise<LeaseState>;
  endLease(name: string): Promise<void>;

  /** The host's clock, in milliseconds since 1970. */
  readClock(): Promise<number>;
  /** Proves that no newer control plane has acted here; call it right before an effect that can't check a token itself. */
  claim(): Promise<void>;
  /** A byte stream to a port or an absolute unix socket path as seen from the host. */
  dial(to: { unix: string } | { host: string; port: number }, timeoutMs: number): Promise<Duplex>;
}
