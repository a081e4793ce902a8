/** Load balancers that are replaced with the servers they stand beside: front ends, before, after or both. */
import type { EnvironmentDefinition } from "../../../model/environment.ts";
import type { LoadBalancerSettings } from "../../../model/load-balancer.ts";
import type { PlanStep, Stage } from "../../../model/plan.ts";
import { BESIDE, type ServerRecord } from "../../../model/provider.ts";
import { awaitQuietLoadBalancer } from "../../../steps/await-quiet-load-balancer.ts";
import { copyLoadBalancer } from "../../../steps/copy-load-balancer.ts";
import { launchServer } from "../../../steps/launch-server.ts";
import type { Blue } from "../../blue.ts";
import { type FrontEnd, type Layout, loadBalancerSettings, ms } from "../../layout.ts";
import { sessionsMs } from "../../sessions.ts";
import { act, atOnce, inOrder } from "../../stage.ts";
import { moveStep } from "../move-address.ts";
import type { Cast, MinorInput } from "./cast.ts";
import { BACK, FREE } from "./words.ts";

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

/** So long nobody may ask an old one anything before it goes. */
const QUIET_MS = 3_000;

export const areFrontEnds = ({ loadBalancers }: Blue): boolean =>
  loadBalancers.some(({ record }) => record.labels[BESIDE] !== undefined);

/** Null where load balancers have hosts of their own, and keep them. */
export function castFronts({ definition }: MinorInput, blue: Blue, layout: Layout): Fronts | null {
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
  { definition, holders = {}, page = "" }: MinorInput,
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
