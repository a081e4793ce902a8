/** Proves that a restored backup holds what its source holds: every table, at the same position. */
import type { Backup, Database, TableSum } from "../../model/database.ts";
import { Problem } from "../../model/problem.ts";
import type { Evidence } from "../../model/step.ts";

/** The source stands still meanwhile; throws a Problem that names the first difference. */
export async function mustEqual(source: Database, id: string, copy: Database): Promise<Evidence> {
  const taken: Backup | undefined = (await source.backups()).find((one) => one.id === id);
  if (!taken) throw unproven(id, "it is not there yet");
  const [wanted, seen] = [await source.checksums(), await copy.checksums()];
  const differs = difference(wanted, seen);
  if (differs) throw unproven(id, differs);
  const position = await source.position();
  if (position !== taken.position) throw unproven(id, `it stands at ${taken.position}, its source at ${position}`);
  const rows = wanted.reduce((sum, table) => sum + table.rows, 0);
  return { backup: id, position, bytes: taken.bytes, tables: wanted.length, rows };
}

function difference(wanted: TableSum[], seen: TableSum[]): string | null {
  const text = (sums: TableSum[]) => new Map(sums.map(({ table, rows, sum }) => [table, `${rows} rows, sum ${sum}`]));
  const [left, right] = [text(wanted), text(seen)];
  for (const table of new Set([...left.keys(), ...right.keys()])) {
    if (left.get(table) === right.get(table)) continue;
    return `table "${table}": source ${left.get(table) ?? "has none"}, restored copy ${right.get(table) ?? "has none"}`;
  }
  return null;
}

export const unproven = (id: string, why: string): Problem =>
  new Problem("step-failed", { what: `backup "${id}" is not proven`, why, next: "changeover status, then plan again" });
