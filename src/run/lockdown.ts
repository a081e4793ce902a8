/** Lock down: proves by a query that production is committed and locked, and locks what only needs that. */
import { readFileSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { judgeLockdown, type LockdownView, type ServingRelease } from "../model/lockdown.ts";
import { Problem } from "../model/problem.ts";
import { driftOfFile } from "../observe/drift.ts";
import { readInventory } from "../observe/inventory.ts";
import { readLaunches } from "../observe/launches.ts";
import type { Artefacts } from "../store/artefacts.ts";
import type { SavedEnvironment } from "../store/environments.ts";
import type { Store } from "../store/store.ts";
import { readCommitted } from "./committed.ts";
import type { Environments } from "./environments.ts";
import type { LockDesk } from "./lock-desk.ts";
import { openOverrides } from "../store/inputs.ts";
import { readLockFacts } from "./locks.ts";

export interface Lockdown {
  /** Read from the world each time; nothing of it is remembered. */
  look(environment: string): Promise<LockdownView>;
  /** Locks the environment and every server that is not locked, then looks. */
  apply(environment: string, asked: { by: string; reason: string }): Promise<LockdownView>;
}

export interface LockdownParts {
  store: Store;
  environments: Pick<Environments, "find" | "look">;
  artefacts: Artefacts;
  locks: Pick<LockDesk, "lock">;
}

export function openLockdown(parts: LockdownParts): Lockdown {
  const look = (environment: string) => readLockdown(parts, environment);
  return {
    look,
    async apply(environment, asked) {
      const { lines } = await look(environment);
      const open = lines.filter(({ lockable }) => lockable).map(({ subject }) => serverIn(subject));
      // Servers first: what happens meanwhile is then held by the environment's own lock.
      for (const server of open.sort((left, right) => Number(left === null) - Number(right === null))) {
        await parts.locks.lock(environment, server, asked).catch(leaveIt);
      }
      return look(environment);
    },
  };
}

const serverIn = (subject: string): string | null => /^server (.+)$/.exec(subject)?.[1] ?? null;

/** What can't be locked now shows in the lines that are read afterwards. */
function leaveIt(error: unknown): void {
  if (!(error instanceof Problem) || error.kind !== "refused") throw error;
}

async function readLockdown(parts: LockdownParts, environment: string): Promise<LockdownView> {
  const saved = await parts.environments.find(environment);
  const { definitionPath: path, definition } = saved;
  const seen = await parts.environments.look(environment, async (world) => ({
    inventory: await readInventory(world),
    servers: await readLaunches(world),
    readAt: world.clock.now(),
  }));
  const { locks, run } = await readLockFacts(parts.store, environment);
  const installs = seen.inventory.applications.flatMap(({ installed, record }) =>
    installed && record.labels.kept === undefined ? [installed] : [],
  );
  const lines = judgeLockdown({
    environment,
    file: {
      path,
      git: await readCommitted(dirname(path), basename(path)),
      drift: driftOfFile(definition, path, readText(path)),
    },
    releases: await Promise.all(
      [...new Set(installs.map(({ release }) => release))].map((release) => {
        const served = installs.filter((one) => one.release === release).map(({ artefact }) => artefact);
        return readRelease(parts, saved, release, [...new Set(served)]);
      }),
    ),
    servers: seen.servers.map(({ record: { name }, launch, trouble }) => ({
      name,
      template: trouble === null ? (launch?.template ?? null) : { trouble },
    })),
    overrides: await openOverrides(parts.store, environment, seen.readAt),
    locks,
    run: run && { id: run.id, state: run.state },
  });
  return { environment, readAt: seen.readAt, lockedDown: lines.every(({ ok }) => ok), lines };
}

async function readRelease(
  { artefacts }: LockdownParts,
  { definition, definitionPath }: SavedEnvironment,
  release: string,
  served: string[],
): Promise<ServingRelease> {
  const wanted = definition.releases[release];
  if (!wanted) return { release, folder: null, git: null, served, packs: null };
  const folder = resolve(dirname(definitionPath), wanted.artefact);
  const git = await readCommitted(folder);
  const isClean = git !== null && "changes" in git && git.changes.length === 0;
  // What is not committed need not be packed to be wrong.
  const packs = isClean ? await artefacts.pack(folder, wanted.build).catch(() => null) : null;
  return { release, folder, git, served, packs };
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}
