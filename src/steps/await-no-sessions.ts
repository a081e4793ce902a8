/** Wait until drained servers have no sessions left, or a stated deadline has passed; websockets count. */
import { z } from "zod";
import { Problem } from "../model/problem.ts";
import { defineStep, type StepContext } from "../model/step.ts";
import {
  type Drain,
  drainsOf,
  heldBySessions,
  many,
  markCut,
  type Open,
  openSessions,
  stillOpen,
  sum,
  tellEach,
  tryOpenSessions,
} from "./parts/sessions.ts";
import { servers, slot } from "./parts/shapes.ts";
import { all } from "./parts/words.ts";

const LOOK_EVERY_MS = 500;

const input = z.strictObject({
  servers,
  loadBalancers: servers,
  slot,
  /** Since they were drained. */
  withinMs: z.number(),
});
type Asked = z.infer<typeof input>;

export const awaitNoSessions = defineStep({
  name: "await-no-sessions",
  input,
  undoable: "always",
  waits: true,
  says: ({ servers: names, withinMs }) => `Wait until ${all(names)} have no sessions, at most ${withinMs / 1000} s`,
  byHand: ({ loadBalancers, servers: names, withinMs }) => ({
    act: `On ${all(loadBalancers)} look at the sessions of ${all(names)}, websockets too, until there are none, at most ${withinMs / 1000} s.`,
    see: "There are none, or you know how many people will be cut off.",
    back: null,
  }),
  limitMs: ({ withinMs }) => withinMs + 60_000,
  async check(context, asked) {
    const open = await openSessions(context, asked, asked.servers);
    const drains = await drainsFor(context, asked, open);
    const endless = [...open.sessions].filter(([name, left]) => left > 0 && (drains.get(name)?.until ?? null) === null);
    const undrained = [...new Set([...open.ready, ...endless.map(([name]) => name)])].sort();
    if (undrained.length === 0) return;
    throw new Problem("refused", {
      what: "servers were not drained, so their sessions need not end",
      why: undrained.join(", "),
      next: "changeover status",
    });
  },
  async apply(context, asked) {
    const { world, until } = context;
    const drains = await drainsFor(context, asked, await tryOpenSessions(context, asked, asked.servers));
    const last = Math.max(world.clock.now(), ...[...drains.values()].map((drain) => drain.until ?? 0));
    let told = "";
    const isOver = async (): Promise<boolean> => {
      const open = await tryOpenSessions(context, asked, asked.servers);
      if (open === null) return false;
      if (sum(open) === 0) return true;
      const sessions = tellEach(open, (left) => `${many(left)} open`);
      if (sessions !== told) await context.tell({ left: sum(open), sessions, until: new Date(last).toISOString() });
      told = sessions;
      const cut = await context.sessionsCut();
      if (cut) await markCut(world, asked.servers, cut);
      return cut !== null;
    };
    await until(last - world.clock.now(), isOver, LOOK_EVERY_MS);
  },
  async verify(context, asked) {
    const { world } = context;
    const open = await openSessions(context, asked, asked.servers);
    const drains = await drainsFor(context, asked, open);
    const held = heldBySessions(open, drains, world.clock.now());
    if (held.length > 0) throw stillOpen(held);
    const deadline = `at the deadline of ${asked.withinMs / 1000} s`;
    const words = (left: number, name: string) =>
      left === 0 ? "no session left" : `${many(left)} left, ${drains.get(name)?.cut ?? deadline}`;
    return { left: sum(open), sessions: tellEach(open, words) };
  },
});

/** Since when they get no new sessions; where none is open nobody has to know. */
const drainsFor = async ({ world }: StepContext, { servers: names, withinMs }: Asked, open: Open | null) =>
  open !== null && sum(open) === 0 ? new Map<string, Drain>() : drainsOf(world, names, withinMs);
