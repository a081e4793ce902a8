/** Proves a backup by a copy that was started from it: the same position, schema and tables as its source had. */
import type { Backup, BackupContent, Verification } from "../../model/backup.ts";
import { countRows, inWords, tableDifferences } from "../../model/content.ts";
import type { Database } from "../../model/database.ts";
import { Problem, type ProblemKind } from "../../model/problem.ts";
import type { Evidence, StepContext } from "../../model/step.ts";
import type { World } from "../../model/world.ts";

export interface Proof {
  /** Holds the backup. */
  holder: Database;
  id: string;
  /** Started from it, on another server. */
  copy: Database;
  against: Verification["against"];
}

/** Only while the source stands still: what it holds is what the backup must hold. */
export async function describeBackup(
  { lineage }: Pick<World, "lineage">,
  source: Database,
  { id, position, content }: Backup,
): Promise<void> {
  if (content) return;
  const before = await source.position();
  const [tables, schema] = [await source.checksums(), await source.schemaFingerprint()];
  const after = await source.position();
  if (before !== position) throw unproven(id, `it stands at ${position}, its source at ${before}`);
  if (before !== after) throw unproven(id, `its source went on from ${before} to ${after} while it was read`);
  await source.noteBackup(id, { lineage, content: { schema, tables } });
}

export async function proveBackup({ world }: StepContext, { holder, id, copy, against }: Proof): Promise<Evidence> {
  const recorded = await recordedFor(holder, id, copy);
  const seen = await blaming(world.clock.now(), holder, id, ["step-failed", "unhealthy"], () =>
    asRecorded(recorded, copy),
  );
  const { tables, rows } = seen;
  await holder.noteBackup(id, { verified: { at: world.clock.now(), against, tables, rows }, failed: null });
  return evidenceOf(recorded, seen);
}

/** The same proof, of which nothing is written down: for whoever only reads where the backup lies. */
export async function compareWithBackup({ holder, id, copy }: Omit<Proof, "against">): Promise<Evidence> {
  const recorded = await recordedFor(holder, id, copy);
  return evidenceOf(recorded, await asRecorded(recorded, copy));
}

interface Recorded extends Backup {
  content: BackupContent;
}

async function recordedFor(holder: Database, id: string, copy: Database): Promise<Recorded> {
  const backup = (await holder.backups()).find((one) => one.id === id);
  if (!backup) throw unproven(id, `"${holder.name}" does not have it`);
  const { content } = backup;
  if (!content) throw unproven(id, "nobody wrote down what its source held");
  const position = await copy.position();
  // It may be a copy of another backup, from an earlier try: that says nothing about this one.
  if (position !== backup.position) throw unproven(id, `it stands at ${backup.position}, the copy at ${position}`);
  return { ...backup, content };
}

async function asRecorded({ id, content }: Recorded, copy: Database) {
  const [tables, schema] = [await copy.checksums(), await copy.schemaFingerprint()];
  const differs = tableDifferences(content.tables, tables, { left: "its source", right: "the copy" });
  if (differs.length > 0) throw unproven(id, inWords(differs));
  if (schema !== content.schema) throw unproven(id, "the copy's tables are made differently from its source's");
  return { tables: tables.length, rows: countRows(tables), schema };
}

const evidenceOf = (
  { id, why, position, bytes }: Recorded,
  { schema, ...found }: { tables: number; rows: number; schema: string },
): Evidence => ({ backup: id, why, position, bytes, ...found, schema: schema.slice(0, 12) });

/** What the backup itself is to blame for is written down beside it; a host that does not answer says nothing of it. */
export async function blaming<T>(
  at: number,
  holder: Database,
  id: string,
  kinds: readonly ProblemKind[],
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Problem && kinds.includes(error.kind)) {
      await holder.noteBackup(id, { failed: { at, why: `${error.text.what}: ${error.text.why}` } });
    }
    throw error;
  }
}

export const unproven = (id: string, why: string): Problem =>
  new Problem("step-failed", {
    what: `backup "${id}" is not proven`,
    why,
    next: "changeover backups, then take another: changeover backups take",
  });
