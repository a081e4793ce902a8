/** Chooses the load balancers that are replaced with the servers they stand beside: front ends, before, after or both. */
import type { EnvironmentDefinition } from "../../../model/environment.ts";
import type { LoadBalancerSettings } from "../../../model/load-balancer.ts";
import type { ServerRecord } from "../../../model/provider.ts";
import { areFrontEnds, type Blue } from "../../blue.ts";
import { type FrontEnd, type Layout, loadBalancerSettings } from "../../layout.ts";

export interface Balancers {
  old: ServerRecord[];
  next: ServerRecord[];
  settings: LoadBalancerSettings;
  /** Floating addresses that old ones hold, and who is to have them. */
  moves: { name: string; from: string; to: string }[];
}

/** What is to stand where the old load balancers stood. */
export interface Fronts {
  loadBalancers: ServerRecord[];
  /** Of each fixed application server in turn; none where load balancers have hosts of their own from now on. */
  hosts: FrontEnd[];
}

interface Asked {
  definition: EnvironmentDefinition;
  /** Names of the load balancers that hold each floating address, by its name. */
  holders?: Record<string, string[]>;
  page?: string;
}

/** Null where load balancers have hosts of their own, and keep them. */
export function castFronts(definition: EnvironmentDefinition, blue: Blue, layout: Layout): Fronts | null {
  const { frontEnds, servers } = definition.application;
  if (!frontEnds && !areFrontEnds(blue)) return null;
  const alone = () => layout.next("load-balancer", "lb", {});
  const hosts = frontEnds
    ? Array.from({ length: servers }, () => layout.frontEnd({ loadBalancer: {}, application: {} }))
    : [];
  const loadBalancers = frontEnds
    ? hosts.map(({ loadBalancer }) => loadBalancer)
    : Array.from({ length: definition.loadBalancers }, alone);
  return { loadBalancers, hosts };
}

export function balancersOf(
  { definition, holders = {}, page = "" }: Asked,
  old: ServerRecord[],
  { loadBalancers: next }: Fronts,
): Balancers {
  const moves = Object.entries(holders).flatMap(([name, [from]]) => {
    const place = old.findIndex((one) => one.name === from);
    const to = next[place % next.length];
    return from === undefined || to === undefined ? [] : [{ name, from, to: to.name }];
  });
  return { old, next, settings: loadBalancerSettings(definition, page), moves };
}
