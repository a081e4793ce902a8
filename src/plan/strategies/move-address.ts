/** Moves a floating address to another load balancer: one step, from whoever holds it now. */
import type { EnvironmentDefinition } from "../../model/environment.ts";
import type { Inventory, SeenLoadBalancer } from "../../model/inventory.ts";
import type { Plan, PlanStep } from "../../model/plan.ts";
import { Problem } from "../../model/problem.ts";
import type { ServerRecord } from "../../model/provider.ts";
import { moveAddress } from "../../steps/move-address.ts";
import { readBlue } from "../blue.ts";
import { entranceOf, everyRecord, ms } from "../layout.ts";
import { act, inOrder } from "../stage.ts";

/** Clients that keep their connections alive ask at least so often that most are told to come again. */
const CLOSE_MS = 1_500;
/** For requests that were on their way to the old one when the network was told. */
const SETTLE_MS = 1_200;

export interface MoveInput {
  definition: EnvironmentDefinition;
  inventory: Inventory;
  /** Names of the load balancers that hold it now. */
  holders: readonly string[];
  /** As the environment file calls it. */
  name: string;
  to: string;
}

export function planMoveAddress(input: MoveInput): Plan {
  const { definition, inventory, name, to } = input;
  const { release } = readBlue(inventory);
  const from = giverOf(input);
  mustBeBalancer(inventory.loadBalancers, to);
  return {
    format: 1,
    environment: definition.environment,
    strategy: "move-address",
    from: release,
    to: release,
    stages: [
      inOrder("Move the address", "the same move backwards; for a while both hold it, and no request is lost", [
        moveStep(definition, everyRecord(inventory), { name, from, to }),
      ]),
    ],
    afterWayBack: [],
    failAt: null,
  };
}

/** `servers`: of whom one is asked to look from the outside, and so from another host than the two. */
export function moveStep(
  definition: EnvironmentDefinition,
  servers: readonly ServerRecord[],
  { name, from, to }: { name: string; from: string | null; to: string },
): PlanStep {
  const hosts = servers.filter((server) => server.name === from || server.name === to).map(({ address }) => address);
  const witness = servers.findLast(({ address }) => !hosts.includes(address));
  if (!witness) throw new Error("an environment has more than two hosts");
  const { drainSeconds } = definition.limits;
  return act(moveAddress, {
    name,
    address: addressCalled(definition, name),
    from,
    to,
    entrance: entranceOf(definition),
    health: definition.checks.health,
    witness: witness.name,
    closeMs: CLOSE_MS,
    settleMs: SETTLE_MS,
    drainMs: Math.max(SETTLE_MS, ms(drainSeconds)),
  });
}

export function addressCalled({ environment, addresses }: EnvironmentDefinition, name: string): string {
  const found = Object.hasOwn(addresses, name) ? addresses[name] : undefined;
  if (found) return found.address;
  const known = Object.keys(addresses);
  throw new Problem("not-found", {
    what: `"${environment}" has no floating address "${name}"`,
    why: known.length === 0 ? "its file names none" : `its file names ${known.join(", ")}`,
    next: "changeover address list, or add it under addresses and run: changeover up environment.yaml",
  });
}

/** Of two that hold it after a move that was given up half-way, the one that is not to have it. */
function giverOf({ holders, name, to, definition }: MoveInput): string | null {
  const others = holders.filter((holder) => holder !== to);
  const refuse = (why: string): never => {
    const what = `${name} (${addressCalled(definition, name)}) can't be moved to "${to}"`;
    throw new Problem("refused", { what, why, next: "changeover address list" });
  };
  if (others.length > 1) return refuse(`${others.join(" and ")} hold it: move it to one of them first`);
  if (others.length === 0 && holders.includes(to)) return refuse("it holds it already");
  return others[0] ?? null;
}

function mustBeBalancer(all: readonly SeenLoadBalancer[], to: string): void {
  const found = all.find(({ record }) => record.name === to);
  if (found?.running && found.routes.public !== null) return;
  throw new Problem(found ? "unhealthy" : "not-found", {
    what: found ? `load balancer "${to}" can't take an address` : `there is no load balancer "${to}"`,
    why: found
      ? found.running
        ? "the public is not led through it"
        : "it does not run"
      : `there are ${all.map(({ record }) => record.name).join(", ")}`,
    next: "changeover status",
  });
}
