/** Reads what an upgrade needs to know of the databases beyond the inventory: sizes, long transactions, who is in sync. */
import type { Inventory } from "../model/inventory.ts";
import { asProblem } from "../model/problem.ts";
import type { Readiness, Sync } from "../model/readiness.ts";
import type { World } from "../model/world.ts";

export interface Asked {
  /** Name of the primary. */
  primary: string;
  /** Those that are to be in sync with it. */
  replicas: string[];
  /** A transaction that is open for so long is long. */
  longSeconds: number;
  /** For a replica to come as far as the primary was. */
  withinMs: number;
}

export async function readReadiness(world: World, inventory: Inventory, asked: Asked): Promise<Readiness> {
  const runs = (name: string): boolean =>
    inventory.databases.some(({ record, health }) => record.name === name && health.running);
  const names = [asked.primary, ...asked.replicas].filter(runs);
  const databases = await Promise.all(
    names.map(async (name) => [name, await (await world.database(name)).readiness(asked.longSeconds)] as const),
  );
  const position = runs(asked.primary) ? await (await world.database(asked.primary)).position() : null;
  const replicas = position === null ? [] : asked.replicas.filter(runs);
  const sync = await Promise.all(
    replicas.map(async (name) => [name, await readSync(world, name, position ?? "", asked.withinMs)] as const),
  );
  return { readAt: world.clock.now(), databases: Object.fromEntries(databases), sync: Object.fromEntries(sync) };
}

/** A replica that stopped applying is something seen, not a failure of looking. */
async function readSync(world: World, replica: string, position: string, withinMs: number): Promise<Sync> {
  try {
    const reached = await (await world.database(replica)).awaitPosition(position, withinMs);
    return { position, reached, withinMs, error: null };
  } catch (error) {
    const { kind, text } = asProblem(error);
    if (kind !== "unhealthy" && kind !== "unreachable") throw error;
    return { position, reached: false, withinMs, error: text.why };
  }
}
