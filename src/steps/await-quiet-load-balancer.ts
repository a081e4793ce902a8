/** Wait until the public has left load balancers that are to go: no request for a while, and no connection left or a deadline. */
import { z } from "zod";
import { Problem } from "../model/problem.ts";
import { defineStep, type StepContext } from "../model/step.ts";
import { each } from "./parts/each.ts";
import { drainsOf, many, markCut, markDraining, unmarkDraining } from "./parts/sessions.ts";
import { servers } from "./parts/shapes.ts";
import { all } from "./parts/words.ts";

const input = z.strictObject({
  loadBalancers: servers,
  /** Floating addresses of the environment: whoever holds one is not left by anybody. */
  addresses: z.array(z.string()),
  /** So long nobody of the public asks anything. */
  quietMs: z.number(),
  /** Since the wait began; then connections on which nothing is asked hold nobody up any more. */
  withinMs: z.number(),
});
type Input = z.infer<typeof input>;

const LOOK_EVERY_MS = 500;

export const awaitQuietLoadBalancer = defineStep({
  name: "await-quiet-load-balancer",
  input,
  undoable: "always",
  waits: true,
  says: ({ loadBalancers, quietMs, withinMs }) =>
    `Wait until the public asks ${all(loadBalancers)} nothing for ${quietMs / 1000} s, at most ${withinMs / 1000} s`,
  byHand: ({ loadBalancers, quietMs, withinMs }) => ({
    act: `On ${all(loadBalancers)} look at requests and connections, websockets too, until there are none for ${quietMs / 1000} s, at most ${withinMs / 1000} s.`,
    see: "Nobody asks them anything, and you know how many connections would be cut.",
    back: null,
  }),
  limitMs: ({ quietMs, withinMs }) => withinMs + 2 * quietMs + 60_000,
  check: holdNothing,
  async apply(context, asked) {
    const { world, until } = context;
    await markDraining(world, asked.loadBalancers, []);
    const last = await deadlineOf(context, asked);
    const watch = watchFor(context, asked);
    let told = "";
    const isOver = async (): Promise<boolean> => {
      const seen = await watch().catch(unlessUnreachable);
      if (seen === null) return false;
      const { connections, quietForMs } = seen;
      if (quietForMs >= asked.quietMs && (connections === 0 || world.clock.now() >= last)) return true;
      const now = connections === 0 ? "no connection" : `${connections} open`;
      if (now !== told) await context.tell({ connections: now, until: new Date(last).toISOString() });
      told = now;
      const cut = await context.sessionsCut();
      if (cut) await markCut(world, asked.loadBalancers, cut);
      return cut !== null;
    };
    // What is asked at the very end still gets its quiet time to be the last.
    await until(Math.max(last - world.clock.now(), 0) + asked.quietMs + LOOK_EVERY_MS, isOver, LOOK_EVERY_MS);
  },
  async verify(context, asked) {
    const { world, signal } = context;
    await holdNothing(context, asked);
    const drains = await drainsOf(world, asked.loadBalancers, asked.withinMs);
    const cut = [...drains.values()].find((drain) => drain.cut !== null)?.cut ?? null;
    const watch = watchFor(context, asked);
    await watch();
    await world.clock.sleep(cut === null ? asked.quietMs : 0, signal);
    const { connections, requests } = await watch();
    const early = connections > 0 && world.clock.now() < (await deadlineOf(context, asked));
    if (cut === null && (requests > 0 || early)) throw stillUsed(asked, requests, connections);
    return { requests, connections, quietMs: asked.quietMs, ...(cut === null ? {} : { cut }) };
  },
  undo: ({ world }, { loadBalancers }) => unmarkDraining(world, loadBalancers),
});

/** When what is only open stops holding anybody up; nobody has begun to wait: never. */
async function deadlineOf({ world }: StepContext, { loadBalancers, withinMs }: Input): Promise<number> {
  const drains = [...(await drainsOf(world, loadBalancers, withinMs)).values()];
  return Math.max(...drains.map(({ until }) => until ?? Number.POSITIVE_INFINITY));
}

/** Looks again each time it is called: what was asked since the first look, for how long nothing was, and who is there now. */
function watchFor({ world }: StepContext, { loadBalancers }: Input) {
  const counted = new Map<string, number>();
  let [requests, since] = [0, world.clock.now()];
  return async () => {
    const seen = await each(loadBalancers, async (name) => {
      const balancer = await world.loadBalancer(name);
      return { name, asked: (await balancer.counters()).requests, open: await balancer.connections() };
    });
    for (const { name, asked } of seen) {
      const before = counted.get(name) ?? asked;
      counted.set(name, asked);
      if (asked === before) continue;
      // One that was started anew counts from 0.
      requests += asked > before ? asked - before : asked;
      since = world.clock.now();
    }
    const connections = seen.reduce((sum, { open }) => sum + open, 0);
    return { requests, connections, quietForMs: world.clock.now() - since };
  };
}

/** While one does not answer nobody knows. */
function unlessUnreachable(error: unknown): null {
  if (error instanceof Problem && error.kind === "unreachable") return null;
  throw error;
}

async function holdNothing({ world }: StepContext, { loadBalancers, addresses }: Input): Promise<void> {
  const held = await each(loadBalancers, async (name) => {
    const holder = await world.addressHolder(name);
    const holds = await each(addresses, async (address) => ((await holder.holds(address)) ? address : null));
    return holds.filter((address) => address !== null).map((address) => `"${name}" holds ${address}`);
  });
  const [first] = held.flat();
  if (first === undefined) return;
  throw new Problem("refused", {
    what: `the public is still led to ${all(loadBalancers)}`,
    why: held.flat().join(", "),
    next: "changeover address list, and move it to another load balancer",
  });
}

const stillUsed = ({ loadBalancers, quietMs }: Input, requests: number, connections: number): Problem =>
  new Problem("timed-out", {
    what: `${all(loadBalancers)} can't go: clients still use it`,
    why: `${requests} requests of the public in ${quietMs / 1000} s, ${many(connections).replace("session", "connection")} open`,
    next: "find what still leads there (changeover name), then plan again; to cut them off while it waits: changeover sessions cut --why TEXT",
  });
