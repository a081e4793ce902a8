/** Everything a step can reach: the world, behind small interfaces, and the one clock. */
import type { Application, HttpCheck } from "./application.ts";
import type { Clock } from "./clock.ts";
import type { Database } from "./database.ts";
import type { NameServer } from "./dns-name.ts";
import type { AddressHolder } from "./floating-address.ts";
import type { Host, Stored } from "./host.ts";
import type { Neighbours } from "./isolation/footprint.ts";
import type { LoadBalancer } from "./load-balancer.ts";
import { Problem } from "./problem.ts";
import type { Provider } from "./provider.ts";

/** Who asks: the public, a tester on the public host name, or anyone on the isolated test host name. */
export interface Asker {
  port: number;
  host: string;
  tester: boolean;
  /** The address that is asked; the server's own when left out. */
  at?: string;
}

export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

export interface World {
  readonly environment: string;
  /** Written down with each backup that is taken here: whose data it is. */
  readonly lineage: string;
  readonly clock: Clock;
  readonly provider: Provider;
  /** A clone: what it holds is real, so nothing of it may reach anybody outside. */
  readonly rehearsal: boolean;
  /** The server itself; what programs there print comes back without secrets. */
  host(server: string): Promise<Host>;
  loadBalancer(server: string): Promise<LoadBalancer>;
  database(server: string): Promise<Database>;
  application(server: string): Promise<Application>;
  /** Who says where this environment's names lead; refused when its file has none. */
  names(): Promise<NameServer>;
  /** The server's hold on floating addresses. */
  addressHolder(server: string): Promise<AddressHolder>;
  /** One real HTTP request to a server, or from it to an address, from where the server is; throws a Problem when no answer came. */
  ask(server: string, asker: Asker, check: HttpCheck, timeoutMs: number): Promise<Answer>;
  /** A generated secret of this environment, made at first use: "database.app", "tester" … */
  secret(name: string): string;
  /** What somebody set by this name, for a process that is started now; throws a Problem when nobody did. */
  credential(name: string): string;
  /** The text without any secret value that is known here. */
  redact(text: string): string;
  /** The same world, in which nothing new begins once the signal is aborted. */
  within(signal: AbortSignal): World;
  /** Writes a file of lines that only the control plane's user can read, whole and synced or not at all; gives its path. */
  writeExport(name: string, fill: (add: (line: string) => Promise<void>) => Promise<void>): Promise<string>;
  /** Each line of such a file; null when there is none. */
  readExport(name: string, each: (line: string) => void): Promise<{ lines: number } | null>;
  removeExport(name: string): Promise<void>;
  /** The packed artefact with this content hash. */
  artefact(hash: string): Promise<Buffer | Stored>;
  /** The environment that this one is a clone of, or that its data comes from right now; no other can be reached. */
  elsewhere(environment: string): Promise<World>;
  /** What this environment and every other one here touch, so that nothing is shared that nobody means. */
  neighbours(): Promise<Neighbours>;
  /** Bytes that everything in a server's folder takes. */
  diskUse(server: string): Promise<number>;
  /** The file system on which a server's folder lies. */
  diskFree(server: string): Promise<{ freeBytes: number; sizeBytes: number }>;
}

export const unrelated = (environment: string, other: string): Problem =>
  new Problem("refused", {
    what: `"${other}" can't be reached from "${environment}"`,
    why: "only a clone reaches another environment: the one that it was made of, while it needs it",
    next: "changeover status",
  });
