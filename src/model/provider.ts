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

/** Label of either half of a front end: the name of the one server that may share its host. */
export const BESIDE = "beside";

export type ServerName = Pick<ServerRecord, "environment" | "name">;

export function besideOf({ environment, labels }: ServerRecord): ServerName | null {
  const name = labels[BESIDE];
  return name === undefined ? null : { environment, name };
}

/** A host that did not answer: nobody knows what it holds. */
export interface Silent {
  address: string;
  why: string;
}

/** What can be seen of an environment where each server has a host of its own, and hosts may be away. */
export interface Survey {
  records: ServerRecord[];
  silent: Silent[];
  /** Addresses that servers of other environments have. */
  foreign: string[];
}

/** Label of a server that must not be retired: who locked it, an upgrade's id. */
export const LOCKED = "locked";

/**
 * Every provider is made with a fencing token. Each change on a host carries it, and a host refuses
 * one that is older than the newest it has seen (problem kind "stale-token").
 */
export interface Provider {
  readonly kind: "local" | "ssh" | "simulated";
  /** Every server; a Problem of kind "unreachable" when a host does not answer, as it may hold one more. */
  list(environment: string): Promise<ServerRecord[]>;
  /** Only for looking: what is not in it may be there all the same while a host is silent. */
  survey(environment: string): Promise<Survey>;
  /** Null when there is surely none of that name; a Problem while a silent host may hold it. */
  find(environment: string, name: string): Promise<ServerRecord | null>;
  /** Of these those that are there, and no host is asked that need not be; a Problem while a silent host may hold one. */
  records(environment: string, names: readonly string[]): Promise<ServerRecord[]>;
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
  /** Why this address and these ports can't be used on the provider's machine, or null; `beside` may be there. */
  addressTaken(address: string, ports: number[], beside?: ServerName | null): Promise<string | null>;
  /** What servers can be made of. */
  catalogue(): Promise<Catalogue>;
  close(): Promise<void>;
}

/** What is to be done about hosts that do not answer. */
const RETURN_OR_REMOVE =
  "bring them back, or switch them off and take them out of provider.hosts, then: changeover up environment.yaml";

export const incomplete = (environment: string, silent: readonly Silent[]): Problem =>
  new Problem("unreachable", {
    what: `nobody knows what "${environment}" looks like: ${silent.map(({ address }) => address).join(", ")} silent`,
    why: [...new Set(silent.map(({ address, why }) => `${address}: ${why}`))].join("; "),
    next: RETURN_OR_REMOVE,
  });

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
