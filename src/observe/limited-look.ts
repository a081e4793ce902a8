/** Questions to many servers within limits: one that is gone answers nothing and holds up nobody. */
import type { Seen } from "../model/alerts/sight.ts";
import { asProblem, Problem } from "../model/problem.ts";
import type { World } from "../model/world.ts";

/** What is kept from one look to the next, for one environment. */
export interface LookMemory {
  /** By `lineKey`: where counting went on. */
  places: Map<string, string>;
  /** What costs much and changes slowly. */
  slow: Map<string, { at: number; seen: Seen<unknown> }>;
}

export const freshMemory = (): LookMemory => ({ places: new Map(), slow: new Map() });

/** For one question to one server; a host that is gone answers nothing at all. */
const SERVER_MS = 5_000;
const AT_ONCE = 16;
const SLOW_MS = 60_000;

export interface Looker {
  world: World;
  endsAt: number;
}

/** Null: it is not there. */
export async function see<T>(looker: Looker, read: () => Promise<T>): Promise<Seen<T> | null> {
  try {
    return { seen: await limited(looker, SERVER_MS, read) };
  } catch (error) {
    const { kind, text } = asProblem(error);
    return kind === "not-found" ? null : { unknown: `${text.what}: ${text.why}`.slice(0, 300) };
  }
}

export async function limited<T>(
  { world: { clock }, endsAt }: Looker,
  most: number,
  read: () => Promise<T>,
): Promise<T> {
  const ms = Math.min(most, endsAt - clock.now());
  if (ms <= 0) throw silent("the look at the others took all the time");
  const over = new AbortController();
  const late = clock.sleep(ms, over.signal).then(() => {
    throw silent(`no answer within ${ms} ms`);
  });
  late.catch(() => {});
  try {
    return await Promise.race([read(), late]);
  } finally {
    over.abort();
  }
}

const silent = (why: string): Problem =>
  new Problem("timed-out", { what: "it can't be looked at", why, next: "changeover status" });

export async function inTurns<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const queue = [...items.entries()];
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next; next = queue.shift()) results[next[0]] = await work(next[1]);
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, worker));
  return results;
}

/** Asked again only after a while, unless it was not told. */
export async function seldom<T>(
  looker: Looker,
  { slow }: LookMemory,
  key: string,
  read: () => Promise<T>,
): Promise<Seen<T> | null> {
  const known = slow.get(key);
  const now = looker.world.clock.now();
  if (known && "seen" in known.seen && now - known.at < SLOW_MS) return known.seen as Seen<T>;
  const seen = await see(looker, read);
  if (seen) slow.set(key, { at: now, seen });
  else slow.delete(key);
  return seen;
}
