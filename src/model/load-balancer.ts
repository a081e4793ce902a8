/** What an upgrade asks of a load balancer; every write has a read that proves it. */
import type { LineCount, LinesAsked } from "./host.ts";

/** The two places a generation of servers can take; blue sits in one, green in the other. */
export type Slot = "a" | "b";
export const otherSlot = (slot: Slot): Slot => (slot === "a" ? "b" : "a");

/** The host names a load balancer answers to: the public one, and the isolated one for testers. */
export type Route = "public" | "test";

export interface Member {
  server: string;
  address: string;
  port: number;
  state: "ready" | "drain" | "maintenance";
  /** By the load balancer's own check. */
  healthy: boolean;
  /** Requests and upgraded connections in flight; a connection that is only kept for the next request is none. */
  sessions: number;
}

export interface Endpoint {
  address: string;
  port: number;
}

export interface LoadBalancerSettings {
  /** Where clients come in. */
  port: number;
  /** On every address of its host, also those that it gets later: only where the host is all its own. */
  everyAddress?: boolean;
  hosts: { public: string; test: string };
  /** The load balancer's own check of each server: GET, its headers and its status; it does not look at bodies. */
  health: { path: string; headers: Record<string, string>; status: number };
  /** HTML of the maintenance page, less than 16 000 bytes. */
  page: string;
  retryAfterSeconds: number;
  /** Where the application servers of each slot find their database. */
  endpointPorts: Record<Slot, number>;
}

/** Counted by the load balancer since it started, for the public host only; testers are left out. */
export interface TrafficCounters {
  requests: number;
  /** Got the maintenance page. */
  paged: number;
  /** Waited in a hold. */
  held: number;
  /** Answers the load balancer made itself because no application answer came: 502, 503 (not the page), 504, resets. */
  failed: number;
}

/**
 * What one server answered, counted since it became a member or the load balancer started; testers are in it, the
 * load balancer's own checks are not.
 */
export interface ServerAnswers {
  server: string;
  answers: number;
  /** Those of them with a status of 500 or more. */
  errors: number;
  /**
   * From the forwarded request to the first byte of its answer, on average over about the last thousand: what the
   * client and its network took is not in it, nor how long a websocket stood. In whole milliseconds; null before the
   * first answer.
   */
  latencyMs: number | null;
}
/** On each answer to the isolated host name: which load balancer gave it. */
export const ANSWERED_BY = "changeover-load-balancer";

export interface LoadBalancer {
  readonly name: string;
  readonly address: string;
  /** Files, then the process. Safe to repeat; routes, pages, members and endpoints survive a restart. */
  start(settings: LoadBalancerSettings): Promise<void>;
  stop(): Promise<void>;
  running(): Promise<boolean>;

  members(slot: Slot): Promise<Member[]>;
  /** Traffic only after the first good check. */
  addMember(slot: Slot, member: { server: string; address: string; port: number }): Promise<void>;
  /**
   * It gets nothing new, and what is open goes on until it ends; `addMember` lets it in again. Safe to repeat, and
   * nothing for one that is not there. A restart forgets it, and has cut what was open.
   */
  drainMember(slot: Slot, server: string): Promise<void>;
  /** Drains within the limit, then removes; what is still open is cut. */
  removeMember(slot: Slot, server: string, drainMs: number): Promise<void>;

  /** Null: nobody answers there. */
  readRoute(route: Route): Promise<Slot | null>;
  /** For the public it ends the share, also when the slot stays: no request meets the new slot with the old share. */
  setRoute(route: Route, slot: Slot | null): Promise<void>;

  /** Of a hundred public requests, how many go to the other slot than the public route's; 0 at first. */
  readShare(): Promise<number>;
  /**
   * Drawn anew for each request, whichever connection it comes by; testers are not drawn, and page and hold come
   * first. While the other slot has no healthy member, all go to the route's slot; what dies there between two checks
   * can still cost an error, as in any pool. Refused, unless it is 0, while the public route leads nowhere. A restart
   * keeps it.
   */
  setShare(percent: number): Promise<void>;

  readMaintenance(): Promise<boolean>;
  /** Public requests get the page with Retry-After; testers pass. */
  setMaintenance(on: boolean): Promise<void>;

  /** Requests that carry this token in `x-changeover-tester` pass the page and the hold. */
  allowTester(token: string): Promise<void>;
  forgetTesters(): Promise<void>;
  countTesters(): Promise<number>;

  /** Public requests wait. Renew before `seconds` are over, by the host's clock, or it lapses as told. */
  hold(lease: { seconds: number; lapsesTo: "open" | "page" }): Promise<void>;
  release(): Promise<void>;
  readHold(): Promise<{ held: boolean; leftMs: number }>;

  /** Whether each answer that goes out by this address asks its client to come again by a new connection. */
  readClosing(address: string): Promise<boolean>;
  setClosing(address: string, closing: boolean): Promise<void>;

  readEndpoint(slot: Slot): Promise<Endpoint | null>;
  /** New connections go there; those that stand are cut. */
  setEndpoint(slot: Slot, to: Endpoint | null): Promise<void>;

  counters(): Promise<TrafficCounters>;
  /** Of clients, testers too: those that stand now, also the ones that only wait for their next request. */
  connections(): Promise<number>;
  answers(slot: Slot): Promise<ServerAnswers[]>;
  /** Lines of what it printed. */
  countLines(asked: LinesAsked): Promise<LineCount>;
}
