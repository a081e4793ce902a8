/** The shop on front ends: a load balancer and an application server on each of two hosts, behind one floating address. */
import { type EnvironmentDefinition, environmentSchema } from "../../src/model/environment.ts";
import { hostsNeeded } from "../../src/model/network.ts";
import type { Plan } from "../../src/model/plan.ts";
import { planBringUp } from "../../src/plan/strategies/bring-up.ts";
import { SimulatedClock } from "../../src/providers/simulated/clock.ts";
import { Site } from "../../src/providers/simulated/site.ts";
import { createSimulatedWorld } from "../../src/providers/simulated/world.ts";
import { run, type RunOptions, type ShopSite } from "./run.ts";
import { artefacts, releases, shop } from "./shop.ts";

export const ADDRESS = "10.77.0.100";
export const frontEnds: EnvironmentDefinition = environmentSchema.parse({
  ...shop,
  addresses: { www: { address: ADDRESS, on: 1 } },
  application: { name: "shop", servers: 2, frontEnds: true, group: { name: "burst", size: 1 }, workers: 1 },
});
export const split = { ...frontEnds, application: { ...frontEnds.application, frontEnds: false } };
export const hosts = (count: number): { hosts: string[] } => ({
  hosts: Array.from({ length: count }, (_, at) => `10.77.1.${at + 1}`),
});

export const bringUpFrontsPlan = (count: number): Plan =>
  planBringUp({ definition: frontEnds, network: hosts(count), page: "<h1>soon</h1>", artefacts });

export async function bringUpFronts(options: RunOptions = {}) {
  const site = new Site({ definition: frontEnds, clock: new SimulatedClock(), releases: releases() });
  const world = createSimulatedWorld({ site, clock: site.clock, token: 0 });
  const on: ShopSite = { site, world };
  const ran = await run(on, bringUpFrontsPlan(hostsNeeded(frontEnds)), { upgrade: "u-up", ...options });
  return { on, ...ran };
}
