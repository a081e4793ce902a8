/** What one look at an environment saw for its alerts; what could not be seen says why. */
import type { DatabaseHealth } from "../database.ts";
import type { ServiceState } from "../host.ts";
import type { Endpoint, Member, Route, ServerAnswers, Slot, TrafficCounters } from "../load-balancer.ts";
import type { ServerRecord } from "../provider.ts";

export type Seen<T> = { seen: T } | { unknown: string };

export interface BalancerSight {
  routes: Record<Route, Slot | null>;
  paged: boolean;
  members: Record<Slot, Member[]>;
  endpoints: Record<Slot, Endpoint | null>;
  traffic: TrafficCounters;
  answers: ServerAnswers[];
}

/** By the names of servers; what no alert asks for is left out. */
export interface AlertSight {
  at: number;
  /** An upgrade, backup or other run is unfinished: what it stopped on purpose is not judged. */
  busy: boolean;
  records: ServerRecord[];
  /** Null: it does not run. */
  balancers: Record<string, Seen<BalancerSight | null>>;
  web: Record<string, Seen<ServiceState["state"]>>;
  databases: Record<string, Seen<DatabaseHealth>>;
  /** Transactions behind the primary; null: the two have parted. */
  lags: Record<string, Seen<number | null>>;
  disks: Record<string, Seen<{ freeBytes: number; sizeBytes: number }>>;
  /** By `lineKey`: lines since the look before; null at the first one. */
  lines: Record<string, Seen<number | null>>;
  /** When the newest proven backup was taken; null: there is none. */
  backup: Seen<number | null> | null;
}

export const lineKey = (alert: string, server: string): string => `${alert} ${server}`;

/** Of the load balancers that could be asked. */
export const seenBalancers = ({ balancers }: AlertSight): { name: string; sight: BalancerSight }[] =>
  Object.entries(balancers).flatMap(([name, one]) =>
    "seen" in one && one.seen !== null ? [{ name, sight: one.seen }] : [],
  );

/** The pool that the public is sent to; null when no load balancer says. */
export const publicSlot = (sight: AlertSight): Slot | null =>
  seenBalancers(sight).find((one) => one.sight.routes.public !== null)?.sight.routes.public ?? null;

const isKept = ({ labels }: ServerRecord): boolean => labels.kept !== undefined || labels.keptUntil !== undefined;

/** Without what is put aside, what waits for its turn, and the generation that does not serve. */
export function inService(sight: AlertSight): ServerRecord[] {
  const slot = publicSlot(sight);
  return sight.records.filter((record) => {
    if (isKept(record)) return false;
    const { role, slot: own } = record.labels;
    if (record.kind === "database") return role === undefined || role === "primary";
    return record.kind !== "application" || slot === null || own === undefined || own === slot;
  });
}

/** Where the endpoint leads to, else the one that takes writes; null when nobody can tell. */
export function primaryOf(sight: AlertSight): ServerRecord | null {
  const slot = publicSlot(sight);
  const leads = slot === null ? [] : seenBalancers(sight).map((one) => one.sight.endpoints[slot]?.address);
  const byEndpoint = sight.records.find(({ kind, address }) => kind === "database" && leads.includes(address));
  const writes = ({ name }: ServerRecord): boolean => {
    const seen = sight.databases[name];
    return seen !== undefined && "seen" in seen && seen.seen.writable;
  };
  return byEndpoint ?? inService(sight).find((record) => record.kind === "database" && writes(record)) ?? null;
}
