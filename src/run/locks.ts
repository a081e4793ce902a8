/** Asks the lock matrix about the world as it is: the one function that everything that changes something calls first. */
import { type Lock, lockedBy, lockedThing, unlockCommand } from "../model/lock.ts";
import { type LockState, mayDo, type Ruling } from "../model/locks/matrix.ts";
import { type Asker, type Verb, verbOfRun, verbs, verbsOf } from "../model/locks/verbs.ts";
import { Problem } from "../model/problem.ts";
import { locksOf } from "../store/locks.ts";
import { strategyOf } from "../store/plans.ts";
import type { Db } from "../store/store.ts";
import { unfinishedUpgrade, type UpgradeRun } from "../store/upgrades.ts";

export interface Doing {
  environment: string;
  verb: Verb;
  /** A person when left out. */
  asker?: Asker;
  /** Those that it would touch; of a verb that touches all servers, all of them. */
  servers?: readonly string[];
  /** The scaling group that it is about, for the refusal's words. */
  group?: string;
}

/** What stands in its way, read just now. */
export interface LockFacts {
  locks: Lock[];
  run: UpgradeRun | null;
  inFlight: LockState["run"];
}

/** Throws the reason when the lock matrix denies it. In a transaction that holds the environment's row, nothing slips between. */
export async function mustBeAllowed(db: Db, doing: Doing): Promise<void> {
  const facts = await readLockFacts(db, doing.environment);
  const ruling = rule(facts, doing);
  if (!ruling.allowed) throw refusal(ruling, facts, doing);
}

/** Only about the environment's own lock, for what has its own rules about runs in flight. `doing`: "taken down". */
export async function mustBeUnlocked(db: Db, environment: string, doing: string): Promise<void> {
  const [lock] = (await locksOf(db, environment)).filter(({ server }) => server === null);
  const ruling = mayDo("change", { environment: lock !== undefined, server: false, run: "none" }, "person");
  if (lock && !ruling.allowed) throw isLocked(lock, `environment "${environment}" can't be ${doing}`);
}

/** Servers that nothing may choose, as when a group shrinks. */
export const lockedServers = async (db: Db, environment: string): Promise<string[]> =>
  (await locksOf(db, environment)).flatMap(({ server }) => server ?? []);

export async function readLockFacts(db: Db, environment: string): Promise<LockFacts> {
  const locks = await locksOf(db, environment);
  const run = await unfinishedUpgrade(db, environment);
  return { locks, run, inFlight: run ? await kindOf(db, run) : "none" };
}

export function rule(facts: LockFacts, { verb, servers, asker = "person" }: Omit<Doing, "environment">): Ruling {
  const environment = facts.locks.some(({ server }) => server === null);
  const server = touchedLocks(facts.locks, { verb, servers }).length > 0;
  return mayDo(verb, { environment, server, run: facts.inFlight }, asker);
}

async function kindOf(db: Db, { state, planHash }: UpgradeRun): Promise<LockState["run"]> {
  if (state === "stuck") return "stuck";
  const strategy = await strategyOf(db, planHash);
  const verb = strategy && verbOfRun[strategy];
  return verb && verbs[verb].nature === "copies" ? "copies" : "changes";
}

const touchedLocks = (locks: readonly Lock[], { verb, servers }: Pick<Doing, "verb" | "servers">): Lock[] =>
  locks.filter(({ server }) => {
    if (server === null || verbs[verb].touches === "none") return false;
    return verbs[verb].touches === "all" || servers?.includes(server);
  });

function refusal(ruling: Ruling & { allowed: false }, { locks, run }: LockFacts, doing: Doing): Problem {
  const { verb } = doing;
  const what = `${subjectOf(doing)} can't ${verbs[verb].cant}`;
  const locked =
    ruling.by === "environment" ? locks.find(({ server }) => server === null) : touchedLocks(locks, doing)[0];
  if (ruling.by === "run") return alone(what, run);
  if (ruling.by !== "asker" && locked) return isLocked(locked, what);
  return new Problem("refused", { what, why: ruling.why, next: `changeover locks ${doing.environment}` });
}

/** What it is that can't: the one server, the group, else the environment. */
function subjectOf({ environment, verb, servers = [], group }: Doing): string {
  if (group !== undefined && verb in verbsOf["scaling group"]) return `scaling group "${group}"`;
  const [only, ...others] = servers;
  const isAboutOne = verb in verbsOf.server && only !== undefined && others.length === 0;
  return lockedThing({ environment, server: isAboutOne ? only : null });
}

function alone(what: string, run: UpgradeRun | null): Problem {
  const id = run?.id ?? "another upgrade";
  return new Problem("refused", {
    what,
    why: `"${id}" is ${run?.state ?? "running"}, and alone holds the key`,
    next: run?.state === "stuck" ? `changeover rollback ${id}` : `changeover watch ${id}`,
  });
}

/** A server's lock names its server, where something else is refused for it. */
export function isLocked(lock: Lock, what: string): Problem {
  const why = lock.server === null || what.includes(`"${lock.server}"`) ? "" : `${lockedThing(lock)} is `;
  return new Problem("refused", { what, why: `${why}${lockedBy(lock)}`, next: unlockCommand(lock) });
}
