/** What the load balancer contract needs of a world to be run in: one balancer, what stands behind it, and clients. */
import { type Clock, waitFor } from "../../../src/model/clock.ts";
import type { Endpoint, LoadBalancer, LoadBalancerSettings, Member, Slot } from "../../../src/model/load-balancer.ts";

export const settings: LoadBalancerSettings = {
  port: 8080,
  hosts: { public: "shop.example", test: "test.shop.example" },
  health: { path: "/healthz", headers: {}, status: 200 },
  page: "<h1>Back soon</h1>",
  retryAfterSeconds: 7,
  endpointPorts: { a: 3306, b: 3307 },
};
export const token = "tester-token-1";

/** Answers with its name; `?ms=` lets it think, `?code=` is its status. */
export interface Backend {
  member: { server: string; address: string; port: number };
  /** Requests that reached it, without those for its health. */
  seen: { requests: number; healthy: boolean };
}

export interface Ask {
  host?: string;
  path?: string;
  body?: string;
  tester?: string;
  /** By a client that would ask again over the same connection. */
  keepAlive?: boolean;
}

export interface Answered {
  status: number;
  body: string;
  headers: Record<string, unknown>;
}

/** A connection to a database through an endpoint, or a websocket to an application. */
export interface Standing {
  /** The name of who it reached, null when it was not let in. */
  reached: string | null;
  stands(): Promise<boolean>;
  end(): Promise<void>;
}

export interface LoadBalancerWorld {
  clock: Clock;
  /** Bare: it was never started. */
  balancer: LoadBalancer;
  backend(name: string): Promise<Backend>;
  /** Where nobody listens. */
  nobody: { address: string; port: number };
  database(name: string): Promise<Endpoint>;
  /** Null when the connection ended without an answer. */
  ask(asked?: Ask): Promise<Answered | null>;
  connect(slot: Slot): Promise<Standing>;
  /** A websocket that the public opens. */
  openSocket(): Promise<Standing>;
  /** A client whose connections stay open between its requests, so that balancer and server keep theirs, too. */
  keptAlive(asked?: Ask): Promise<{ ask(): Promise<Answered | null>; end(): Promise<void> }>;
  /** The balancer's process is killed with -9, and its supervisor has started it again. */
  kill(): Promise<void>;
  close(): Promise<void>;
}

export type Setting = () => LoadBalancerWorld;

export async function eventually<T>(
  { clock }: LoadBalancerWorld,
  what: string,
  look: () => Promise<T | null | undefined | false>,
): Promise<T> {
  const seen = await waitFor(clock, { withinMs: 10_000, everyMs: 10 }, look);
  if (seen === null) throw new Error(`it never came: ${what}`);
  return seen;
}

const made = new WeakMap<LoadBalancerWorld, Map<string, Promise<Backend>>>();

/** The same one each time. */
export function backendOf(world: LoadBalancerWorld, name: string): Promise<Backend> {
  const known = made.get(world) ?? new Map<string, Promise<Backend>>();
  made.set(world, known);
  const held = known.get(name) ?? world.backend(name);
  known.set(name, held);
  return held;
}

export async function memberOf(world: LoadBalancerWorld, slot: Slot, name: string): Promise<Member | undefined> {
  return (await world.balancer.members(slot)).find(({ server }) => server === name);
}

/** "blue" in slot a serves the public, "green" is in slot b, the gate is open: what tests begin with. */
export async function inService(world: LoadBalancerWorld): Promise<LoadBalancer> {
  const { balancer } = world;
  if (!(await balancer.running())) await balancer.start(settings);
  await balancer.setMaintenance(false);
  await balancer.release();
  await balancer.forgetTesters();
  await balancer.addMember("a", (await backendOf(world, "blue")).member);
  await balancer.addMember("b", (await backendOf(world, "green")).member);
  await balancer.setRoute("public", "a");
  await balancer.setRoute("test", "b");
  return balancer;
}

export const isPage = (answer: Answered | null): boolean => answer?.headers["changeover-page"] === "maintenance";
