/** Chooses the backup of another environment with which a new one comes up: a proven one, of tables that its release knows. */
import { type HeldBackup, isVerified, newestVerified, ofLineage, onShelf } from "../model/backup.ts";
import type { EnvironmentDefinition } from "../model/environment.ts";
import { lineageOf } from "../model/isolation/footprint.ts";
import { canonical } from "../model/plan.ts";
import { Problem } from "../model/problem.ts";
import type { World } from "../model/world.ts";
import { readInventory } from "../observe/inventory.ts";
import { readBlue } from "../plan/blue.ts";
import type { DataSource } from "../plan/strategies/from-backup.ts";
import type { SavedEnvironment } from "../store/environments.ts";
import { heldBackups } from "../steps/parts/held-backups.ts";

/** Whose data is wished for; the newest proven backup when none is named. */
export interface DataWish {
  environment: string;
  backup: string | null;
}

/** Only looks at the origin: nothing of it is locked, paused or changed, neither now nor while its data is copied. */
export async function chooseData(
  world: World,
  origin: SavedEnvironment,
  definition: EnvironmentDefinition,
  wish: DataWish,
): Promise<DataSource> {
  const what = `"${definition.environment}" can't take the data of "${origin.name}"`;
  mustFitDatabase(what, origin.definition, definition);
  const held = await heldBackups(world);
  const own = ofLineage(held, origin.name, lineageOf(origin.definition));
  const chosen = wish.backup === null ? newestVerified(onShelf(own)) : named(what, own, origin.name, wish.backup);
  if (!chosen) throw noneProven(what, origin.name, own.length);
  await mustKnowTables(what, world, chosen, definition);
  return { environment: origin.name, holder: chosen.server, backup: chosen.backup.id };
}

function named(what: string, held: HeldBackup[], origin: string, id: string): HeldBackup {
  const all = held.filter(({ backup }) => backup.id === id);
  const found = all.find(({ kept }) => kept === null) ?? all[0];
  if (!found) {
    const ids = held.map(({ backup }) => backup.id).join(", ");
    const why = `it has no backup "${id}"; there ${ids === "" ? "is none" : `are ${ids}`}`;
    throw new Problem("not-found", { what, why, next: `changeover backups ${origin}` });
  }
  if (isVerified(found.backup)) return found;
  throw new Problem("refused", {
    what,
    why: `backup "${id}" is not proven: ${found.backup.failed?.why ?? "it was only taken"}`,
    next: `changeover backups verify ${id} ${origin}`,
  });
}

const noneProven = (what: string, origin: string, many: number): Problem =>
  new Problem("refused", {
    what,
    why: many === 0 ? "it has no backup of its own data" : `none of its ${many} backups is proven`,
    next: `changeover backups take ${origin}`,
  });

/** A copy keeps the name of its database and of its account, and they are asked for where it is opened. */
function mustFitDatabase(what: string, origin: EnvironmentDefinition, definition: EnvironmentDefinition): void {
  if (canonical(origin.database) === canonical(definition.database)) return;
  const { engine, name, user, port } = origin.database;
  throw new Problem("refused", {
    what,
    why: `its backups hold the database "${name}" (${engine}) of ${user} on port ${port}, and the file says otherwise`,
    next: "put the same under database: it is on servers of its own all the same",
  });
}

/** Refused where it is known to be wrong. Where the origin does not run nobody can tell, and the release's checks decide. */
async function mustKnowTables(
  what: string,
  world: World,
  { backup }: HeldBackup,
  { release }: EnvironmentDefinition,
): Promise<void> {
  const serves = await servingNow(world);
  if (serves === null) return;
  const same = serves.schema === backup.content?.schema;
  if (same === (serves.release === release)) return;
  throw new Problem("refused", {
    what,
    why: same
      ? `backup "${backup.id}" has the tables of release ${serves.release}, and the file's release is ${release}`
      : `backup "${backup.id}" has other tables than release ${serves.release} has now, and the file's release is ${release}`,
    next: same ? `write release: "${serves.release}"` : `changeover backups take ${world.environment}`,
  });
}

async function servingNow(world: World): Promise<{ release: string; schema: string } | null> {
  try {
    const { primary, release } = readBlue(await readInventory(world));
    return { release, schema: await (await world.database(primary.record.name)).schemaFingerprint() };
  } catch {
    return null;
  }
}
