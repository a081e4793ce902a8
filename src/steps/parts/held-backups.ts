/** Every backup of an environment, read from beside its data, on whichever server it lies. */
import type { HeldBackup } from "../../model/backup.ts";
import type { World } from "../../model/world.ts";

export async function heldBackups(world: World): Promise<HeldBackup[]> {
  const found: HeldBackup[] = [];
  for (const { name, kind, labels } of await world.provider.list(world.environment)) {
    if (kind !== "database") continue;
    const backups = await (await world.database(name)).backups();
    found.push(...backups.map((backup) => ({ server: name, kept: labels.kept ?? null, backup })));
  }
  return found;
}
