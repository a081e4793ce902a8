/** Does something to the notes of examples/minor under mixed clients, and counts from their side and from the database. */
import { join } from "node:path";
import { countAgain } from "../../src/ledger/book.ts";
import { readBlue } from "../../src/plan/blue.ts";
import { systemClock } from "../../src/run/clock.ts";
import { firstColumn } from "../../test/product/database.ts";
import type { Product } from "../../test/product/product.ts";
import { NOTES } from "../notes.ts";
import type { Row } from "../results.ts";
import { type MixedReport, openMixed } from "./clients.ts";

/** `name` is of this run, among those of the same product. */
export async function underMixed(
  product: Product,
  name: string,
  during: () => Promise<void>,
): Promise<{ row: Row; report: MixedReport }> {
  const { inventory } = await product.status(NOTES);
  const entrances = readBlue(inventory).loadBalancers.map(({ record }) => ({ address: record.address, port: 8080 }));
  const file = join(product.folder, `mixed-${name}.jsonl`);
  const [began, cpu] = [performance.now(), process.cpuUsage()];
  const clients = openMixed({ entrances, host: "notes.test", file, clock: systemClock });
  await during();
  const tookS = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const report = await clients.stop();
  const { writes } = await countAgain(file, await firstColumn(product, NOTES, "SELECT note_key FROM notes"));
  const seen = seenIn(report);
  const row = {
    ...seen,
    ...writes,
    perSecond: Math.round(seen.sent / tookS),
    cpuPercent: Math.round((user + system) / 10_000 / tookS),
  };
  return { row, report };
}

function seenIn({ kinds, retried, sockets }: MixedReport) {
  const all = Object.values(kinds);
  const sum = (column: "sent" | "answered" | "failed" | "paged") =>
    all.reduce((total, count) => total + count[column], 0);
  return {
    ...{ sent: sum("sent"), answered: sum("answered"), failed: sum("failed"), paged: sum("paged"), retried },
    messages: sockets.messages,
    reconnected: sockets.reconnected,
    slowestMs: Math.max(...[kinds.kept, kinds.fresh, kinds.post, kinds.write].map(({ slowestMs }) => slowestMs)),
  };
}
