/** A world that knows which calls are in flight, so that nothing is undone while what is undone still happens. */
import type { Clock } from "../model/clock.ts";
import { Problem } from "../model/problem.ts";
import type { World } from "../model/world.ts";

/** A call ends by itself: each has its own limit, and once revoked it may ask nothing more of a host. */
const SETTLE_MS = 15 * 60_000;

/** What opens something that acts: its answer is tracked, too. */
const OPENERS = new Set(["elsewhere", "loadBalancer", "database", "application", "names", "host", "open", "launch"]);
/** Time and secrets change nothing. */
const FREE = new Set(["clock", "secret", "credential", "redact"]);

type Method = (...args: unknown[]) => unknown;

export interface TrackedWorld {
  world: World;
  /** Resolves when no call is in flight; throws `Unsettled` when one never ends. */
  settled(clock: Clock): Promise<void>;
}

/** The world for one try of a step: after the signal nothing new begins in it. */
export function trackWorld(whole: World, signal: AbortSignal): TrackedWorld {
  const inFlight = new Map<Promise<unknown>, string>();
  const originals = new WeakMap<object, object>();
  const original = (value: unknown): unknown => (value instanceof Object && originals.get(value)) || value;

  const track = <T extends object>(target: T): T => {
    const tracked = new Proxy(target, {
      get(held, name) {
        const value: unknown = Reflect.get(held, name);
        if (typeof name !== "string" || FREE.has(name)) return value;
        if (name === "provider") return track(value as object);
        return typeof value === "function" ? (...args: unknown[]) => call(held, name, value as Method, args) : value;
      },
    });
    originals.set(tracked, target);
    return tracked;
  };
  const call = (held: object, name: string, method: Method, args: unknown[]): unknown => {
    signal.throwIfAborted();
    const result = method.apply(held, args.map(original));
    if (!(result instanceof Promise)) return result;
    const watched = result.catch(() => {}).finally(() => inFlight.delete(watched));
    inFlight.set(watched, name);
    return OPENERS.has(name) ? result.then((opened: object) => track(opened)) : result;
  };

  return {
    world: track(whole.within(signal)),
    async settled(clock) {
      if (inFlight.size === 0) return;
      const over = new AbortController();
      const late = clock.sleep(SETTLE_MS, over.signal).then(
        () => "late",
        () => "late",
      );
      try {
        while (inFlight.size > 0) {
          const ended = Promise.allSettled(inFlight.keys()).then(() => "settled");
          if ((await Promise.race([ended, late])) === "late") throw new Unsettled([...inFlight.values()]);
        }
      } finally {
        over.abort();
      }
    },
  };
}

/** Nobody may act on top of a call whose end is not known: a person has to look. */
export class Unsettled extends Problem {
  constructor(calls: string[]) {
    super("outcome-unknown", {
      what: "a call to the world does not end",
      why: `still in flight: ${calls.join(", ")}`,
      next: "look at the host it went to, then: changeover rollback",
    });
  }
}
