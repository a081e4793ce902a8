/** Exports what a way back gives up: every row event since the reopening, in a file that is read back and counted. */
import { Problem } from "../../model/problem.ts";
import { Tally, type TableEvents, type WriteEvent, type WritesSince } from "../../model/row-events.ts";
import type { Evidence, StepContext } from "../../model/step.ts";
import type { World } from "../../model/world.ts";

/** Of a fenced primary: what is written down must end exactly at its position. */
export async function exportLost(
  { world, upgrade }: StepContext,
  server: string,
  { since, position }: { since: string; position: string },
): Promise<Evidence> {
  const { path, writes } = await exportWrites(world, { server, since, name: `${upgrade}-lost` });
  if (writes.upTo !== position) {
    throw incomplete(server, `it ends at ${writes.upTo}, the fenced primary stands at ${position}`);
  }
  // Everything that was exported to be looked at before is in this one.
  await world.removeExport(`${upgrade}-counted`);
  return {
    since,
    upTo: position,
    events: eventsIn(writes.tables),
    statements: writes.statements,
    tables: JSON.stringify(writes.tables),
    exportedTo: path,
  };
}

/** Counted while it is written, and again from the file. */
export async function exportWrites(
  world: Pick<World, "database" | "writeExport" | "readExport">,
  { server, since, name }: { server: string; since: string; name: string },
): Promise<{ path: string; writes: WritesSince }> {
  const database = await world.database(server);
  let writes: WritesSince | null = null;
  const path = await world.writeExport(name, async (add) => {
    writes = await database.writesSince(since, (event) => add(JSON.stringify(event)));
  });
  const again = new Tally();
  await world.readExport(name, (line) => again.add(JSON.parse(line) as WriteEvent));
  const counted = writes as WritesSince | null;
  const text = (tables: TableEvents[] = [], statements = 0) => JSON.stringify([tables, statements]);
  if (!counted || text(again.tables, again.statements) !== text(counted.tables, counted.statements)) {
    throw incomplete(
      server,
      `${path} holds ${again.events} row events, ${eventsIn(counted?.tables ?? [])} were counted`,
    );
  }
  return { path, writes: counted };
}

export const eventsIn = (tables: readonly TableEvents[]): number =>
  tables.reduce((sum, { inserted, updated, deleted }) => sum + inserted + updated + deleted, 0);

const incomplete = (server: string, why: string): Problem =>
  new Problem("step-failed", {
    what: `what was written on "${server}" is not wholly exported`,
    why,
    next: "look at the disk of the control plane, then: changeover rollback",
  });
