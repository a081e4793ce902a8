/** How the runner is reached on the machine where the servers live: the only thing in which local and SSH hosts differ. */
import type { Duplex } from "node:stream";

export interface TransportResult {
  /** Null: the connection was lost or the limit passed, and nobody knows what came of it. */
  code: number | null;
  stdout: Buffer;
  stderr: Buffer;
}

export type DialTarget = { unix: string } | { host: string; port: number };

export interface Transport {
  /** Runs a shell line with this input; rejects with an "unreachable" Problem when it surely never began. */
  exec(command: string, stdin: Buffer, timeoutMs: number): Promise<TransportResult>;
  dial(to: DialTarget, timeoutMs: number): Promise<Duplex>;
  close(): Promise<void>;
}
