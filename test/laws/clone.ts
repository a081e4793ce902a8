/** Rehearses on the simulated fleet: a clone of the shop in a site of its own, brought up, upgraded and taken down. */
import type { Plan } from "../../src/model/plan.ts";
import { readInventory } from "../../src/observe/inventory.ts";
import { readBlue } from "../../src/plan/blue.ts";
import { planClone } from "../../src/plan/strategies/clone.ts";
import { planMajor } from "../../src/plan/strategies/major/major.ts";
import { Site } from "../../src/providers/simulated/site.ts";
import { createSimulatedWorld } from "../../src/providers/simulated/world.ts";
import { nextToken, type Ran, run, type RunOptions, type ShopSite } from "./run.ts";
import { artefacts, releases, shop } from "./shop.ts";

const definition = { ...shop, environment: "shop-rehearsal" };
const network = { prefix: "127.1.2" };

/** Its releases may misbehave without those of the original doing so. */
export function cloneSite({ site: { clock } }: ShopSite, origin: Site): ShopSite {
  const site = new Site({ definition, clock, releases: releases() });
  return { site, origin, world: createSimulatedWorld({ site, clock, token: 0, origin }) };
}

export async function clonePlan({ world }: ShopSite, failAt: string | null = null): Promise<Plan> {
  const blue = readBlue(await readInventory(world));
  const plan = planClone({ definition, network, page: "<h1>soon</h1>", artefacts, origin: shop.environment, blue });
  return { ...plan, failAt };
}

export async function upgradePlan({ world }: ShopSite, to = "2", failAt: string | null = null): Promise<Plan> {
  return planMajor({ definition, network, inventory: await readInventory(world), to, artefacts, failAt });
}

export const bringCloneUp = (clone: ShopSite, plan: Plan, options: RunOptions = {}): Promise<Ran> =>
  run(clone, plan, { upgrade: "u-clone", ...options });

export async function takeCloneDown({ site }: ShopSite): Promise<void> {
  const { provider, environment } = createSimulatedWorld({ site, clock: site.clock, token: nextToken() });
  for (const { name } of await provider.list(environment)) await provider.retire(environment, name);
}

/** Servers, processes that listen, and files. */
export const leftOf = ({ site }: ShopSite): string[] => [
  ...site.fleet.environment(site.environment).servers.keys(),
  ...site.listening.keys(),
  ...(site.fleet.files.bytesIn("/simulated") > 0 ? ["files"] : []),
];
