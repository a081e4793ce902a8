/** A scaling group in the world: its servers in the generation that serves, and what of the world keeps it as it is. */
import type { GroupMember } from "../model/group/life.ts";
import { SUSPENDED } from "../model/group/suspension.ts";
import type { Inventory, SeenLoadBalancer } from "../model/inventory.ts";
import type { Slot } from "../model/load-balancer.ts";
import { LOCKED, type ServerRecord } from "../model/provider.ts";
import type { World } from "../model/world.ts";
import { readLoadBalancer } from "./inventory.ts";

/** As much of an inventory as a group needs. */
export interface GroupSource {
  records: ServerRecord[];
  loadBalancers: SeenLoadBalancer[];
}

export interface SeenMember extends Omit<GroupMember, "sickSince"> {
  address: string;
  /** On every load balancer that runs. */
  healthy: boolean;
  /** On all load balancers together. */
  sessions: number;
}

export interface SeenGroup {
  /** Null when it is not clear which generation serves. */
  slot: Slot | null;
  members: SeenMember[];
  /** Every server that is there, but for those that are kept. */
  servers: string[];
  /** Null when nothing in the world stands in the way of a change. */
  hindrance: string | null;
}

export async function readGroup(world: World, group: string): Promise<SeenGroup> {
  const records = await world.provider.list(world.environment);
  const balancers = records.filter(({ kind }) => kind === "load-balancer");
  const loadBalancers = await Promise.all(balancers.map((record) => readLoadBalancer(world, record)));
  return groupIn({ records, loadBalancers }, group);
}

export const sourceIn = ({ loadBalancers, applications, databases }: Inventory): GroupSource => ({
  records: [...loadBalancers, ...applications, ...databases].map(({ record }) => record),
  loadBalancers,
});

export function groupIn({ records, loadBalancers }: GroupSource, group: string): SeenGroup {
  const slots = new Set(loadBalancers.flatMap(({ running, routes }) => (running ? [routes.public] : [])));
  const [only = null] = slots;
  const slot = slots.size === 1 ? only : null;
  const there = records.filter(({ labels }) => labels.kept === undefined);
  const mine = there.filter(({ labels }) => labels.group === group && labels.slot === slot);
  return {
    slot,
    members: mine.map((record) => memberOf(record, loadBalancers, slot)),
    servers: there.map(({ name }) => name),
    hindrance: hindranceIn(loadBalancers, slot),
  };
}

function memberOf(
  { name, address, labels }: ServerRecord,
  loadBalancers: readonly SeenLoadBalancer[],
  slot: Slot | null,
): SeenMember {
  // One that is down sees nobody healthy, which says nothing of a server.
  const seats = loadBalancers
    .filter(({ running }) => running)
    .map(({ members }) => slot && members[slot].find(({ server }) => server === name));
  return {
    name,
    address,
    launchedAt: labels.launchedAt === undefined ? null : Number(labels.launchedAt),
    locked: labels[LOCKED] ?? null,
    healthy: seats.length > 0 && seats.every((seat) => seat?.healthy && seat.state === "ready"),
    sessions: seats.reduce((sum, seat) => sum + (seat?.sessions ?? 0), 0),
  };
}

function hindranceIn(loadBalancers: readonly SeenLoadBalancer[], slot: Slot | null): string | null {
  const down = loadBalancers.filter(({ running }) => !running).map(({ record }) => record.name);
  if (down.length > 0) return `${down.join(", ")} does not run`;
  if (loadBalancers.length === 0) return "nothing serves";
  if (slot === null) return "the load balancers do not agree on one pool for the public";
  const shut = loadBalancers.filter(({ maintenance, held }) => maintenance || held).map(({ record }) => record.name);
  if (shut.length > 0) return `the public does not pass ${shut.join(", ")}`;
  const by = loadBalancers.find(({ record }) => record.labels[SUSPENDED] !== undefined)?.record.labels[SUSPENDED];
  return by === undefined ? null : `suspended by ${by}`;
}
