/** Where the addresses of an environment's servers come from, and how many of them it needs. */
import type { EnvironmentDefinition } from "./environment.ts";

export type Network =
  /** The beginning of every address on one machine: "127.31.7", or "127.220" for many servers. */
  | { prefix: string }
  /** Hosts of which each takes one server; those that others hold are left out. */
  | { hosts: readonly string[] };

/** Null where all servers share one machine. */
export const hostsOf = ({ provider }: Pick<EnvironmentDefinition, "provider">): string[] | null =>
  provider.kind === "ssh" && provider.hosts !== undefined ? provider.hosts : null;

type Sized = Pick<EnvironmentDefinition, "application" | "loadBalancers" | "testing">;

const applicationServers = ({ application: { servers, group } }: Sized): number => servers + (group?.size ?? 0);

/** Load balancers, application servers, the primary and its replica. */
export const serversNeeded = (definition: Sized): number =>
  definition.loadBalancers + applicationServers(definition) + 2;

/** What a major upgrade puts beside them, in words and in number. */
export function besideNeeded(definition: Sized): { count: number; words: string } {
  const servers = applicationServers(definition);
  const parts: [number, string][] = [
    [servers, servers === 1 ? "1 application server" : `${servers} application servers`],
    [definition.application.group ? 1 : 0, "1 by which the group is seen to grow"],
    [definition.testing.loadBalancer === "separate" ? 1 : 0, "a load balancer for testers"],
    [2, "a standby and a spare for the database"],
  ];
  const wanted = parts.filter(([count]) => count > 0);
  return { count: wanted.reduce((sum, [count]) => sum + count, 0), words: wanted.map(([, word]) => word).join(", ") };
}
