/** Open sessions of servers, counted on every load balancer; and since when a server gets no new ones. */
import { Problem } from "../../model/problem.ts";
import type { Slot } from "../../model/load-balancer.ts";
import type { ServerRecord } from "../../model/provider.ts";
import type { SessionsCut, StepContext } from "../../model/step.ts";
import type { World } from "../../model/world.ts";
import { each } from "./each.ts";

export interface Pool {
  loadBalancers: string[];
  slot: Slot;
}

/** Labels of a server that gets no new sessions: since when, and who lets it go early. On the server: a crash forgets neither. */
const DRAINING = "draining";
const CUT = "sessionsCut";

/** So many servers are told one by one. */
const TOLD = 50;

export interface Open {
  /** By server, over all load balancers. */
  sessions: Map<string, number>;
  /** Those that still get new ones somewhere. */
  ready: string[];
}

export async function openSessions(
  { world }: StepContext,
  { loadBalancers, slot }: Pool,
  servers: string[],
): Promise<Open> {
  const sessions = new Map(servers.map((name) => [name, 0]));
  const ready = new Set<string>();
  const seen = await each(loadBalancers, async (name) => (await world.loadBalancer(name)).members(slot));
  for (const { server, state, sessions: open } of seen.flat()) {
    const before = sessions.get(server);
    if (before === undefined) continue;
    sessions.set(server, before + open);
    if (state === "ready") ready.add(server);
  }
  return { sessions, ready: [...ready] };
}

/** Null while a load balancer does not answer: then nobody knows. */
export async function tryOpenSessions(context: StepContext, pool: Pool, servers: string[]): Promise<Open | null> {
  try {
    return await openSessions(context, pool, servers);
  } catch (error) {
    if (error instanceof Problem && error.kind === "unreachable") return null;
    throw error;
  }
}

export const sum = ({ sessions }: Open): number => [...sessions.values()].reduce((all, one) => all + one, 0);

/** A time that is there already stays, unless it is of an earlier drain. */
export async function markDraining(world: World, servers: string[], fresh: readonly string[]): Promise<void> {
  const at = new Date(world.clock.now()).toISOString();
  await relabel(world, servers, ({ [CUT]: cut, ...labels }, name) => {
    const isNew = labels[DRAINING] === undefined || fresh.includes(name);
    return isNew ? { ...labels, [DRAINING]: at } : { ...labels, ...(cut === undefined ? {} : { [CUT]: cut }) };
  });
}

export const markCut = (world: World, servers: string[], { by, reason }: SessionsCut): Promise<void> =>
  relabel(world, servers, (labels) => ({ ...labels, [CUT]: `cut by ${by}: ${reason}` }));

export const unmarkDraining = (world: World, servers: string[]): Promise<void> =>
  relabel(world, servers, ({ [DRAINING]: _, [CUT]: __, ...rest }) => rest);

type Labels = Record<string, string>;

async function relabel(
  world: World,
  servers: string[],
  change: (labels: Labels, name: string) => Labels,
): Promise<void> {
  await each(await recordsOf(world, servers), async ({ name, labels }) => {
    const wanted = change(labels, name);
    if (wanted[DRAINING] === labels[DRAINING] && wanted[CUT] === labels[CUT]) return;
    await world.provider.relabel(world.environment, name, wanted);
  });
}

const recordsOf = (world: World, servers: string[]): Promise<ServerRecord[]> =>
  world.provider.records(world.environment, servers);

export interface Drain {
  /** When it may go whatever is open; null when nobody drained it. */
  until: number | null;
  /** Who lets it go before, and why. */
  cut: string | null;
}

export async function drainsOf(world: World, servers: string[], withinMs: number): Promise<Map<string, Drain>> {
  const read = ({ name, labels }: ServerRecord): [string, Drain] => {
    const since = Date.parse(labels[DRAINING] ?? "");
    return [name, { until: Number.isNaN(since) ? null : since + withinMs, cut: labels[CUT] ?? null }];
  };
  return new Map((await recordsOf(world, servers)).map(read));
}

/** Those with open sessions that nobody may end yet. */
export const heldBySessions = ({ sessions }: Open, drains: Map<string, Drain>, now: number): [string, number][] =>
  [...sessions].filter(([name, left]) => {
    const { until = null, cut = null } = drains.get(name) ?? {};
    return left > 0 && cut === null && (until === null || now < until);
  });

/** "app-2: 2 sessions left; app-1: no session left": those where most is open first. */
export function tellEach({ sessions }: Open, words: (left: number, name: string) => string): string {
  const sorted = [...sessions].sort(([, left], [, right]) => right - left);
  const told = sorted.slice(0, TOLD).map(([name, left]) => `${name}: ${words(left, name)}`);
  return [...told, ...(sorted.length > TOLD ? [`and ${sorted.length - TOLD} more`] : [])].join("; ");
}

export const many = (left: number): string =>
  left === 0 ? "no session" : left === 1 ? "1 session" : `${left} sessions`;

export const stillOpen = (held: [string, number][]): Problem =>
  new Problem("refused", {
    what: "servers still have sessions",
    why: held.map(([name, left]) => `"${name}" has ${many(left)}`).join(", "),
    next: "changeover sessions; to end them before their deadline: changeover sessions cut --why TEXT",
  });
