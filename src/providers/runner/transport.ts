/** How the runner is reached on the machine where the servers live: the only thing in which local and SSH hosts differ. */
import { type Duplex, pipeline, type Writable } from "node:stream";
import type { Stored } from "../../model/host.ts";

export interface TransportResult {
  /** Null: the connection was lost or the limit passed, and nobody knows what came of it. */
  code: number | null;
  stdout: Buffer;
  stderr: Buffer;
}

export type DialTarget = { unix: string } | { host: string; port: number };

export interface Limits {
  timeoutMs: number;
  /** It may leave something behind that goes on printing: nobody else's answer may come the same way. */
  apart?: boolean;
}

export interface Transport {
  /** Runs a shell line with this input; rejects with an "unreachable" Problem when it surely never began. */
  exec(command: string, stdin: Buffer | Stored, limits: Limits): Promise<TransportResult>;
  dial(to: DialTarget, timeoutMs: number): Promise<Duplex>;
  /** Runners that were found or brought there, by their path: whoever comes next on the same connection need not look. */
  readonly brought: Map<string, Promise<void>>;
  close(): Promise<void>;
}

/** A reader that goes away early is no failure, and one that gets less than it was promised refuses it. */
export function feed(to: Writable, input: Buffer | Stored): void {
  to.on("error", () => {});
  if (Buffer.isBuffer(input)) to.end(input);
  else pipeline(input.open(), to, () => {});
}
