/** What people do with locks: put one on an environment or a server, take it away, see what is locked and what that denies. */
import { type Lock, lockedThing } from "../model/lock.ts";
import { type Verb, verbs } from "../model/locks/verbs.ts";
import { Problem } from "../model/problem.ts";
import type { World } from "../model/world.ts";
import { lockEnvironment as holdEnvironment } from "../store/environments.ts";
import { locksOf, putLock, removeLock } from "../store/locks.ts";
import type { Store } from "../store/store.ts";
import type { Environments } from "./environments.ts";
import { isLocked, mustBeAllowed, readLockFacts, rule } from "./locks.ts";

export interface LocksView {
  environment: string;
  /** The environment's own first. */
  locks: Lock[];
  /** The run that alone holds the key; null when none is in flight. */
  run: { id: string; state: string } | null;
  /** What a person could not do now, and why. */
  denied: { verb: Verb; does: string; why: string }[];
}

export interface LockDesk {
  list(environment: string): Promise<LocksView>;
  /** Null: the whole environment. */
  lock(environment: string, server: string | null, asked: { by: string; reason: string }): Promise<Lock>;
  /** Gives the lock that was taken away. */
  unlock(environment: string, server: string | null): Promise<Lock>;
  /** The environment's and those of all its servers. */
  unlockAll(environment: string): Promise<Lock[]>;
  /** For whatever is asked for by its name, before it is looked at any further. */
  mustBeAllowed(environment: string, verb: Verb, servers: readonly string[]): Promise<void>;
}

export interface LockDeskParts {
  store: Store;
  environments: Pick<Environments, "find" | "look">;
}

export function openLockDesk({ store, environments }: LockDeskParts): LockDesk {
  return {
    async list(environment) {
      await environments.find(environment);
      const facts = await readLockFacts(store, environment);
      const servers = facts.locks.flatMap(({ server }) => server ?? []);
      const rulings = (Object.keys(verbs) as Verb[]).map((verb) => ({ verb, ruling: rule(facts, { verb, servers }) }));
      const denied = rulings.flatMap(({ verb, ruling }) =>
        ruling.allowed || ruling.by === "asker" ? [] : [{ verb, does: verbs[verb].does, why: ruling.why }],
      );
      const run = facts.run && { id: facts.run.id, state: facts.run.state };
      return { environment, locks: facts.locks, run, denied };
    },
    async lock(environment, server, { by, reason }) {
      await environments.find(environment);
      if (server !== null) await environments.look(environment, (world) => mustBeThere(world, server));
      const subject = { environment, server };
      // The row orders this and the beginning of a run one after the other.
      return store.transaction(async (db) => {
        await holdEnvironment(db, environment);
        await mustBeAllowed(db, { environment, verb: server === null ? "lock" : "lock-server" });
        const isNew = await putLock(db, { ...subject, by, reason });
        const there = (await locksOf(db, environment)).find((lock) => lock.server === server);
        if (there && isNew) return there;
        throw there ? isLocked(there, `${lockedThing(subject)} is locked already`) : gone(environment);
      });
    },
    async unlock(environment, server) {
      await environments.find(environment);
      const removed = await removeLock(store, { environment, server });
      if (removed) return removed;
      throw new Problem("refused", {
        what: `${lockedThing({ environment, server })} is not locked`,
        why: "nobody locked it",
        next: `changeover locks ${environment}`,
      });
    },
    async unlockAll(environment) {
      await environments.find(environment);
      const removed = (await locksOf(store, environment)).map((lock) => removeLock(store, lock));
      return (await Promise.all(removed)).filter((lock) => lock !== null);
    },
    mustBeAllowed: (environment, verb, servers) => mustBeAllowed(store, { environment, verb, servers }),
  };
}

async function mustBeThere({ provider, environment }: World, server: string): Promise<void> {
  const names = (await provider.list(environment)).map(({ name }) => name);
  if (names.includes(server)) return;
  throw new Problem("not-found", {
    what: `environment "${environment}" has no server "${server}"`,
    why: names.length === 0 ? "it has none at all" : `it has ${names.sort().join(", ")}`,
    next: `changeover status ${environment}`,
  });
}

const gone = (environment: string): Problem =>
  new Problem("not-found", {
    what: `environment "${environment}" is gone`,
    why: "it was taken down just now",
    next: "changeover status",
  });
