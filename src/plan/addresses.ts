/** How an environment's network is divided among kinds of servers, and how wide it must be; pure. */
import type { EnvironmentDefinition } from "../model/environment.ts";
import { mostIn } from "../model/group/settings.ts";
import type { Network } from "../model/network.ts";
import type { ServerKind } from "../model/provider.ts";

/** Last octets in a network of three octets. */
const NARROW: Record<ServerKind, { first: number; last: number }> = {
  "load-balancer": { first: 10, last: 39 },
  database: { first: 40, last: 79 },
  application: { first: 80, last: 250 },
};
/** Third octets in a network of two; in each of them the last octets that NARROW uses. */
const WIDE: Record<ServerKind, { first: number; last: number }> = {
  "load-balancer": { first: 0, last: 0 },
  database: { first: 1, last: 1 },
  application: { first: 2, last: 255 },
};
const FIRST = 10;
const EACH = 240;

/** So many fit twice into a narrow network, old and new beside each other, with a few that are kept for diagnosis. */
const MOST_IN_NARROW = 80;

/** Two octets instead of three. Decided once: an environment that is up keeps its addresses. */
export const needsWide = ({ application: { servers, group } }: EnvironmentDefinition): boolean =>
  servers + mostIn(group) > MOST_IN_NARROW;

/** So many of a group, beside the fixed ones. */
export const mostInNarrow = (fixed: number): number => Math.max(0, MOST_IN_NARROW - fixed);

export const isWide = (prefix: string): boolean => prefix.split(".").length === 2;

/** Counts from 0; null when the network has no more for this kind. Any host will do for any kind. */
export function addressAt(network: Network, kind: ServerKind, place: number): string | null {
  if ("hosts" in network) return network.hosts[place] ?? null;
  const { prefix } = network;
  const { first, last } = (isWide(prefix) ? WIDE : NARROW)[kind];
  if (!isWide(prefix)) return first + place > last ? null : `${prefix}.${first + place}`;
  const third = first + Math.floor(place / EACH);
  return third > last ? null : `${prefix}.${third}.${FIRST + (place % EACH)}`;
}
