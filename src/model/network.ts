/** Where the addresses of an environment's servers come from, and how many of them it needs. */
import type { EnvironmentDefinition } from "./environment.ts";

export type Network =
  /** The beginning of every address on one machine: "127.31.7", or "127.220" for many servers. */
  | { prefix: string }
  /** Hosts of which each takes one server, or a front end; those that others hold are left out. */
  | { hosts: readonly string[] };

/** Null where all servers share one machine. */
export const hostsOf = ({ provider }: Pick<EnvironmentDefinition, "provider">): string[] | null =>
  provider.kind === "ssh" && provider.hosts !== undefined ? provider.hosts : null;

type Sized = Pick<EnvironmentDefinition, "application" | "loadBalancers" | "testing">;

const applicationServers = ({ application: { servers, group } }: Sized): number => servers + (group?.size ?? 0);

/** For the primary and its replica. */
const DATABASES = 2;

/** Load balancers that share no host with an application server. */
const balancersAlone = ({ application, loadBalancers }: Sized): number => (application.frontEnds ? 0 : loadBalancers);

/** Beside so many fixed application servers and none of a group. */
export const hostsBeside = (definition: Sized): number => balancersAlone(definition) + DATABASES;

export const hostsNeeded = (definition: Sized): number => applicationServers(definition) + hostsBeside(definition);

/** Whose hosts these are: "2 load balancers, 3 application servers and 2 databases". */
export function wordsOf(definition: Sized): string {
  const { frontEnds, servers } = definition.application;
  const plain = applicationServers(definition) - (frontEnds ? servers : 0);
  const parts = [
    counted(frontEnds ? servers : 0, "front end"),
    counted(balancersAlone(definition), "load balancer"),
    counted(plain, "application server"),
  ];
  return `${parts.filter((part) => part !== null).join(", ")} and ${DATABASES} databases`;
}

const counted = (count: number, word: string): string | null =>
  count === 0 ? null : `${count} ${word}${count === 1 ? "" : "s"}`;

/** What a major upgrade puts beside them, in words and in number. */
export function besideNeeded(definition: Sized): { count: number; words: string } {
  const servers = applicationServers(definition);
  const parts: [number, string][] = [
    [servers, counted(servers, "application server") ?? ""],
    [definition.application.group ? 1 : 0, "1 by which the group is seen to grow"],
    [definition.testing.loadBalancer === "separate" ? 1 : 0, "a load balancer for testers"],
    [2, "a standby and a spare for the database"],
  ];
  const wanted = parts.filter(([count]) => count > 0);
  return { count: wanted.reduce((sum, [count]) => sum + count, 0), words: wanted.map(([, word]) => word).join(", ") };
}
