/** Every backup of an environment, read from beside its data, on whichever server it lies. */
import type { Backup, HeldBackup } from "../../model/backup.ts";
import { Problem } from "../../model/problem.ts";
import type { ServerRecord } from "../../model/provider.ts";
import type { World } from "../../model/world.ts";

/** Of all servers, unless only those are asked for that can be seen. */
export async function heldBackups(world: World, records?: readonly ServerRecord[]): Promise<HeldBackup[]> {
  const found: HeldBackup[] = [];
  for (const { name, kind, labels } of records ?? (await world.provider.list(world.environment))) {
    if (kind !== "database") continue;
    const backups = await unlessGone(world, name);
    found.push(...backups.map((backup) => ({ server: name, kept: labels.kept ?? null, backup })));
  }
  return found;
}

/** A spare may be retired between being listed and being asked. */
async function unlessGone(world: World, name: string): Promise<Backup[]> {
  try {
    return await (await world.database(name)).backups();
  } catch (error) {
    // Also when another one has its name by now.
    if (error instanceof Problem && error.kind === "not-found") return [];
    if ((await world.provider.find(world.environment, name)) !== null) throw error;
    return [];
  }
}
