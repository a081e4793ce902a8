/** Where servers come from: launch, find again, retire. */
import type { Host } from "./host.ts";
import { Problem } from "./problem.ts";
import type { Catalogue } from "./template/catalogue.ts";

export type ServerKind = "load-balancer" | "application" | "database";

/** What a server is; kept on the server itself, so that it is found again by reading the world. */
export interface ServerRecord {
  environment: string;
  name: string;
  kind: ServerKind;
  address: string;
  /** Free facts: slot, group, role, release, clonedFrom, upgrade, keptFor … */
  labels: Record<string, string>;
}

/** Label of a server that must not be retired: who locked it, an upgrade's id. */
export const LOCKED = "locked";

/**
 * Every provider is made with a fencing token. Each change on a host carries it, and a host refuses
 * one that is older than the newest it has seen (problem kind "stale-token").
 */
export interface Provider {
  readonly kind: "local" | "ssh" | "simulated";
  list(environment: string): Promise<ServerRecord[]>;
  /** Safe to repeat: the same name with the same record gives the same server; another record is a problem. */
  launch(record: ServerRecord): Promise<Host>;
  open(environment: string, name: string): Promise<Host>;
  /** The host of a record that was listed just now, without another look: it may be gone, and then says so. */
  hostOf(record: ServerRecord): Host;
  /** These labels and no others afterwards. */
  relabel(environment: string, name: string, labels: Record<string, string>): Promise<void>;
  /**
   * Ends every process of the server, also daemons that left their session, then removes it. Safe to repeat. Refused
   * while the server is locked.
   */
  retire(environment: string, name: string): Promise<void>;
  /** Why this address and these ports can't be used on the provider's machine, or null. */
  addressTaken(address: string, ports: number[]): Promise<string | null>;
  /** What servers can be made of. */
  catalogue(): Promise<Catalogue>;
  close(): Promise<void>;
}

/** Throws when the server is locked; a server that is not there is no matter. */
export function refuseLocked(record: ServerRecord | undefined): void {
  const by = record?.labels[LOCKED];
  if (by === undefined) return;
  throw new Problem("refused", {
    what: `"${record?.name}" can't be retired`,
    why: `it is locked by ${by}`,
    next: "changeover status; the upgrade unlocks it at its end",
  });
}
