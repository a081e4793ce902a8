/** Adds up what HAProxy counted of the public's requests. */
/*
 * HAProxy 2.6 has no counter for "no answer came": when a kept-alive client's request dies on the way to the
 * application, it closes the connection without a word and without running a rule. So failures are what is left:
 * requests that are over, less those that the application or the page answered. Each is tracked in a table under
 * `request` when it has arrived whole and under `answered` when it is answered, and both entries know how many of
 * theirs are still open. A client that leaves after its request is whole does not matter: HAProxy still answers it.
 *
 * An upload that is too large to be awaited, or comes in chunks, can be broken off by its client halfway, which looks
 * the same; for those only the errors count that HAProxy made itself (`upload`). All counts begin again at 0 when
 * HAProxy is started again, and requests that its death cut off are in none of them.
 */
import type { Clock } from "../../model/clock.ts";
import type { TrafficCounters } from "../../model/load-balancer.ts";
import { parseTable, type TableEntry } from "./parse.ts";
import type { Wire } from "./wire.ts";

const NOTHING: TableEntry = { begun: 0, open: 0, counts: [0, 0, 0] };
const [HELD, PAGED, FAILED] = [0, 1, 2];

export function addUp(table: ReadonlyMap<string, TableEntry>): TrafficCounters {
  const requests = table.get("request") ?? NOTHING;
  const answered = table.get("answered") ?? NOTHING;
  const uploads = table.get("upload") ?? NOTHING;
  const both = (index: number) => (requests.counts[index] ?? 0) + (uploads.counts[index] ?? 0);
  return {
    requests: requests.begun + uploads.begun,
    paged: both(PAGED),
    held: both(HELD),
    failed: requests.begun - requests.open - (answered.begun - answered.open) + (uploads.counts[FAILED] ?? 0),
  };
}

/**
 * A request that ends while the table is printed shows in one entry and not yet in the other. Such a look is off by
 * one for some nanoseconds' worth of luck, so two looks must agree.
 */
export async function readCounters(wire: Wire, clock: Clock): Promise<TrafficCounters> {
  let last = addUp(parseTable(await wire.ask("show table traffic")));
  for (let look = 0; look < 8; look++) {
    await clock.sleep(2);
    const next = addUp(parseTable(await wire.ask("show table traffic")));
    const agree = next.failed === last.failed;
    last = next;
    if (agree) break;
  }
  return { ...last, failed: Math.max(0, last.failed) };
}
