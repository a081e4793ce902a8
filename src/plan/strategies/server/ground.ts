/** What every plan about one server stands on: the environment as it is, and that server in it. */
import type { EnvironmentDefinition } from "../../../model/environment.ts";
import type { Inventory, SeenApplication } from "../../../model/inventory.ts";
import type { Slot } from "../../../model/load-balancer.ts";
import type { Plan, PlanStep, Stage, Strategy } from "../../../model/plan.ts";
import type { Network } from "../../../model/network.ts";
import { Problem } from "../../../model/problem.ts";
import { LOCKED } from "../../../model/provider.ts";
import { leavePool } from "../../../steps/leave-pool.ts";
import type { Boot } from "../../boot.ts";
import { type Blue, readBlue } from "../../blue.ts";
import { ms } from "../../layout.ts";
import { letSessionsEnd } from "../../sessions.ts";
import { act } from "../../stage.ts";

export interface Ground {
  definition: EnvironmentDefinition;
  network: Network;
  inventory: Inventory;
  /** What servers booted with; those without a template are not in it. */
  boots: ReadonlyMap<string, Boot>;
}

/** Label of a server that was launched to be tried, and that nothing leads to. */
export const ISOLATED = "isolated";

export const isIsolated = ({ record }: SeenApplication): boolean => record.labels[ISOLATED] !== undefined;

export function planOf(ground: Ground, strategy: Strategy, stages: Stage[], afterWayBack: Stage[] = []): Plan {
  const { release } = readBlue(ground.inventory);
  const environment = ground.definition.environment;
  return { format: 1, environment, strategy, from: release, to: release, stages, afterWayBack, failAt: null };
}

export function findServer({ definition, inventory }: Ground, name: string): SeenApplication {
  const found = inventory.applications.find(({ record }) => record.name === name);
  if (found) return found;
  const names = inventory.applications.map(({ record }) => record.name).join(", ");
  throw new Problem("not-found", {
    what: `"${definition.environment}" has no application server "${name}"`,
    why: names === "" ? "it has none at all" : `there are ${names}`,
    next: `changeover server list ${definition.environment}`,
  });
}

export interface Serving {
  blue: Blue;
  server: SeenApplication;
  pool: { loadBalancers: string[]; slot: Slot };
  /** No new sessions, time for the open ones to end, then out of the pool; refused when no other healthy one is left. */
  leave: PlanStep[];
}

/** One of the generation that serves; whoever asks wants to take it away or to put another in its place. */
export function servingServer(ground: Ground, name: string, wish: string): Serving {
  const blue = readBlue(ground.inventory);
  const server = findServer(ground, name);
  const { environment } = ground.definition;
  if (!blue.applications.includes(server)) {
    throw new Problem("refused", {
      what: `"${name}" can't be ${wish}`,
      why: `it does not serve: ${standing(server)}`,
      next: `changeover server show ${environment} ${name}`,
    });
  }
  mustNotBeLocked(server, wish);
  const pool = { loadBalancers: blue.loadBalancers.map(({ record }) => record.name), slot: blue.slot };
  const drainMs = ms(ground.definition.limits.drainSeconds);
  const leave = [
    ...letSessionsEnd(ground.definition, pool, [server.record]),
    act(leavePool, { ...pool, members: [name], drainMs }),
  ];
  return { blue, server, pool, leave };
}

export function mustNotBeLocked({ record }: SeenApplication, wish: string): void {
  const by = record.labels[LOCKED];
  if (by === undefined) return;
  throw new Problem("refused", {
    what: `"${record.name}" can't be ${wish}`,
    why: `it is locked by ${by}`,
    next: `changeover status ${record.environment}`,
  });
}

export function standing({ record, installed }: SeenApplication): string {
  const { kept, keptUntil, slot } = record.labels;
  if (kept !== undefined) return `it is kept, ${kept}`;
  if (keptUntil !== undefined) return `it is kept until ${new Date(Number(keptUntil)).toISOString()}`;
  if (record.labels[ISOLATED] !== undefined) return "it stands apart and is in no pool";
  return installed ? `it is of pool ${slot ?? "none"}` : "nothing is installed on it";
}
