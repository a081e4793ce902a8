/** Points a slot's database endpoint at a server, cutting every connection to the one before. */
import { type Clock, waitFor } from "../../model/clock.ts";
import type { Endpoint, Slot } from "../../model/load-balancer.ts";
import { Problem } from "../../model/problem.ts";
import type { Desired } from "./desired.ts";
import { readServers } from "./members.ts";
import { joinAddress, type ServerRow } from "./parse.ts";
import type { Wire } from "./wire.ts";

const CUT_LIMIT = 5_000;

async function readServer(wire: Wire, slot: Slot): Promise<ServerRow> {
  const [row] = await readServers(wire, `db_${slot}`);
  if (row) return row;
  throw new Problem("not-found", {
    what: `the load balancer has no database endpoint for slot ${slot}`,
    why: "it runs with a configuration that is not ours",
    next: "changeover up",
  });
}

const endpointOf = (row: ServerRow): Endpoint | null =>
  row.state === "ready" ? { address: row.address, port: row.port } : null;

export async function readEndpoint(wire: Wire, slot: Slot): Promise<Endpoint | null> {
  return endpointOf(await readServer(wire, slot));
}

const same = (one: Endpoint | null, other: Endpoint | null) =>
  one === other || (one !== null && other !== null && joinAddress(one) === joinAddress(other));

/** Closed while it moves: nobody may slip through to the old database after the cut. */
export async function setEndpoint(
  { wire, clock, rewrite }: { wire: Wire; clock: Clock; rewrite(change: (desired: Desired) => void): Promise<void> },
  slot: Slot,
  to: Endpoint | null,
): Promise<void> {
  const name = `db_${slot}/db`;
  await rewrite(({ endpoints }) => {
    endpoints[slot] = to;
  });
  const now = await readServer(wire, slot);
  if (to !== null && same(endpointOf(now), to)) return;
  await wire.act([`set server ${name} state maint`]);
  const cut = await waitFor(clock, { withinMs: CUT_LIMIT, everyMs: 10 }, async () => {
    await wire.act([`shutdown sessions server ${name}`]);
    return (await readServer(wire, slot)).sessions === 0;
  });
  if (!cut) throw failed(slot, "connections to the database before do not end");
  if (to) {
    await wire.act([`set server ${name} addr ${to.address} port ${to.port}`, `set server ${name} state ready`]);
  }
  if (!same(await readEndpoint(wire, slot), to)) throw failed(slot, "the read after the write shows another address");
}

function failed(slot: Slot, why: string): Problem {
  return new Problem("step-failed", {
    what: `the database endpoint of slot ${slot} was not moved`,
    why,
    next: "changeover status",
  });
}
