/** Who plays which part when a scaling group changes: read from the world, because the file may say something else by now. */
import type { EnvironmentDefinition } from "../../../model/environment.ts";
import type { Inventory, SeenApplication } from "../../../model/inventory.ts";
import type { Network } from "../../../model/network.ts";
import { Problem } from "../../../model/problem.ts";
import type { BootOf } from "../../boot.ts";
import { type Blue, readBlue } from "../../blue.ts";
import { loadBalancersRun, nothingLeft, publicPasses } from "../../guards/load-balancers.ts";

export interface GroupInput {
  definition: EnvironmentDefinition;
  network: Network;
  inventory: Inventory;
  group: string;
  /** What new servers boot with; left out where they have no template. */
  boot?: BootOf | undefined;
  /** The servers on which the change was decided. */
  has: readonly string[];
  because: string;
}

export interface GroupCast {
  blue: Blue;
  members: SeenApplication[];
  loadBalancers: string[];
  /** The group's part of the first step. */
  expects: { group: string; because: string; loadBalancers: string[]; slot: Blue["slot"]; has: string[] };
}

export function castGroup({ definition, inventory, group, has, because }: GroupInput): GroupCast {
  const blue = readBlue(inventory);
  const wish = { definition, blue, to: blue.release };
  const found = [loadBalancersRun, publicPasses, nothingLeft].flatMap((guard) => guard.finds(wish) ?? []);
  const [first] = found;
  if (first) throw refused(group, found.map(({ why }) => why).join("; "), first.next);
  const members = blue.applications.filter(({ record }) => record.labels.group === group);
  const names = members.map(({ record }) => record.name);
  if ([...names].sort().join() !== [...has].sort().join()) {
    const why = `it has ${names.join(", ") || "no server"} now, and had ${has.join(", ") || "none"}`;
    throw refused(group, why, `changeover group show ${group}`);
  }
  const loadBalancers = blue.loadBalancers.map(({ record }) => record.name);
  return { blue, members, loadBalancers, expects: { group, because, loadBalancers, slot: blue.slot, has: names } };
}

/** So many of all servers that serve run the worker, when there are so many; none of a release that has none. */
export function workersIn({ application, releases }: EnvironmentDefinition, release: string, servers: number): number {
  return releases[release]?.start.worker ? Math.min(application.workers, servers) : 0;
}

export const refused = (group: string, why: string, next: string): Problem =>
  new Problem("refused", { what: `scaling group "${group}" can't be changed now`, why, next });
