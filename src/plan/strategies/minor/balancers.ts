/** Stages that bring new load balancers beside the old ones, move their addresses, and see the public leave. */
import type { EnvironmentDefinition } from "../../../model/environment.ts";
import type { PlanStep, Stage } from "../../../model/plan.ts";
import { awaitQuietLoadBalancer } from "../../../steps/await-quiet-load-balancer.ts";
import { copyLoadBalancer } from "../../../steps/copy-load-balancer.ts";
import { launchServer } from "../../../steps/launch-server.ts";
import { ms } from "../../layout.ts";
import { sessionsMs } from "../../sessions.ts";
import { act, atOnce, inOrder } from "../../stage.ts";
import { moveStep } from "../move-address.ts";
import type { Cast } from "./cast.ts";
import { BACK, FREE } from "./words.ts";

/** So long nobody may ask an old one anything before it goes. */
const QUIET_MS = 3_000;

/** They lead wherever the old ones lead, and nobody is led to them yet. */
export function balancerStages({ definition, balancers, loadBalancers }: Cast): Stage[] {
  if (!balancers) return [];
  const { next, settings } = balancers;
  const { a, b } = settings.endpointPorts;
  const [like = ""] = loadBalancers;
  const healthyMs = ms(definition.limits.healthySeconds);
  return [
    atOnce(
      "Launch as many load balancers",
      FREE,
      next.map((record) => act(launchServer, { record, ports: [definition.port, a, b], onUndo: "retire" })),
    ),
    atOnce(
      "Let them lead where the old ones lead",
      FREE,
      next.map(({ name: server }) => act(copyLoadBalancer, { server, like, settings, healthyMs })),
    ),
  ];
}

/** One after the other: while one moves, the others are answered where they were. */
export function addressStages({ definition, balancers, pairs, primary }: Cast): Stage[] {
  if (!balancers || balancers.moves.length === 0) return [];
  const servers = [...balancers.old, ...balancers.next, ...pairs.map(({ next }) => next), primary.record];
  return [
    inOrder(
      "Move the addresses",
      BACK,
      balancers.moves.map((move) => moveStep(definition, servers, move)),
    ),
  ];
}

/** Nobody asks the old ones anything any more, or has had the time that sessions have. */
export function lastConnections({ definition, balancers }: Cast): PlanStep[] {
  if (!balancers) return [];
  return [
    act(awaitQuietLoadBalancer, {
      loadBalancers: balancers.old.map(({ name }) => name),
      addresses: addressesOf(definition),
      quietMs: QUIET_MS,
      withinMs: sessionsMs(definition),
    }),
  ];
}

const addressesOf = ({ addresses }: EnvironmentDefinition): string[] =>
  Object.values(addresses).map(({ address }) => address);
