/** The log of a simulated database: its history since a position, as the row events that a real one would have logged. */
import { Problem } from "../../model/problem.ts";
import { Tally, type WriteEvent, type WritesSince } from "../../model/row-events.ts";
import type { DatabaseServer } from "./database-server.ts";
import type { Transaction } from "./history.ts";

export async function countWrites(
  { name, history }: DatabaseServer,
  position: string,
  keep: (event: WriteEvent) => Promise<void> = async () => {},
): Promise<WritesSince> {
  const around = history.around(position);
  if (around === null) {
    throw new Problem("refused", {
      what: `what was written on "${name}" since ${position} can't be counted`,
      why: "its log does not know that position",
      next: "go on, or decide by hand what to restore",
    });
  }
  const tally = new Tally();
  const present = new Set(around.before.rows);
  for (const { id, change } of around.after) {
    const nothing = change.kind === "remove" && !present.delete(change.key);
    if (change.kind === "put") present.add(change.key);
    // A row that is not there is not removed, so no row event tells of it.
    if (nothing) continue;
    const event = eventOf({ id, change });
    tally.add(event);
    await keep(event);
  }
  const { tables, statements } = tally;
  return { from: position, upTo: around.after.at(-1)?.id ?? position, tables, statements };
}

/** Its one table is called rows and has one column, which is the key. */
function eventOf({ id, change }: Transaction): WriteEvent {
  if (change.kind === "schema") return { event: "statement", statement: change.name, at: id };
  const row = { key: change.key };
  return change.kind === "put"
    ? { event: "insert", table: "rows", key: row, before: null, after: row, at: id }
    : { event: "delete", table: "rows", key: row, before: row, after: null, at: id };
}
