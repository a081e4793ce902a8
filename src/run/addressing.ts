/** Which addresses an environment's servers may get: of the loopback network chosen for it once, or of its hosts that are free. */
import type { EnvironmentDefinition } from "../model/environment.ts";
import type { Inventory } from "../model/inventory.ts";
import { hostsBeside, hostsOf, type Network } from "../model/network.ts";
import { Problem } from "../model/problem.ts";
import { incomplete, type ServerRecord, type Survey } from "../model/provider.ts";
import { MOST_SERVERS } from "../model/group/settings.ts";
import { isWide, mostInNarrow, needsWide } from "../plan/addresses.ts";
import type { SavedEnvironment } from "../store/environments.ts";

export interface Addressing {
  /** The beginning of all its addresses, which nobody else has: "127.31.7", or "127.220" when it must be wide. */
  chooseNetwork(environment: string, wide: boolean): Promise<string>;
  /** What its hosts hold, also before it is saved. */
  survey(definition: EnvironmentDefinition, path: string): Promise<Survey>;
}

/** What is kept of it; hosts stand in the definition. */
export const keptOf = (network: Network): Record<string, unknown> =>
  "prefix" in network ? { prefix: network.prefix } : {};

const prefixOf = ({ network }: Pick<SavedEnvironment, "network">): string | null =>
  typeof network.prefix === "string" ? network.prefix : null;

/** Refused while a host is silent: it may hold one more server, and then names and numbers would be wrong. */
export function networkOf(
  saved: Pick<SavedEnvironment, "definition" | "network">,
  { environment, hosts: seen }: Pick<Inventory, "environment" | "hosts">,
): Network {
  const hosts = hostsOf(saved.definition);
  if (hosts === null) return { prefix: prefixOf(saved) ?? "" };
  if (seen && seen.silent.length > 0) throw incomplete(environment, seen.silent);
  return { hosts: hosts.filter((host) => !seen?.foreign.includes(host)) };
}

/** So many servers a scaling group can have beside the fixed ones. */
export function roomIn(saved: Pick<SavedEnvironment, "definition" | "network">, fixed: number): number {
  const hosts = hostsOf(saved.definition);
  if (hosts !== null) return hosts.length - fixed - hostsBeside(saved.definition);
  return isWide(prefixOf(saved) ?? "") ? MOST_SERVERS : mostInNarrow(fixed);
}

/** Of an environment that has no servers yet. */
export async function firstNetwork(
  parts: Addressing,
  wanted: { definition: EnvironmentDefinition; path: string; known: SavedEnvironment | null },
): Promise<Network> {
  const { definition, path, known } = wanted;
  if (hostsOf(definition) !== null) {
    const { environment } = definition;
    const hosts = await parts.survey(definition, path);
    return networkOf({ definition, network: {} }, { environment, hosts });
  }
  const wide = needsWide(definition);
  const prefix = known && prefixOf(known);
  return {
    prefix: prefix && isWide(prefix) === wide ? prefix : await parts.chooseNetwork(environmentOf(wanted), wide),
  };
}

const environmentOf = ({ definition }: { definition: EnvironmentDefinition }): string => definition.environment;

/** A host may leave the list when it holds nothing of the environment, or when nobody can ask it any more. */
export function mustBeFree(environment: string, gone: readonly string[], { records, silent }: Survey): void {
  const held = records.find(({ address }) => gone.includes(address));
  if (!held) return;
  const away = silent.length === 0 ? "" : ` (${silent.map(({ address }) => address).join(", ")} do not answer)`;
  throw new Problem("refused", {
    what: `${held.address} can't be taken out of the hosts of "${environment}"`,
    why: `it holds ${nameOf(held)}${away}`,
    next: "put it back into provider.hosts; a host that is silent may go",
  });
}

const nameOf = ({ name }: ServerRecord): string => `"${name}"`;
