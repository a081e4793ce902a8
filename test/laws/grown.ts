/** Growths and shrinkings of the simulated shop's group under clients, told as what the laws ask about. */
import { inOrderOfAge } from "../../src/model/group/life.ts";
import type { Plan } from "../../src/model/plan.ts";
import { groupIn, sourceIn } from "../../src/observe/group.ts";
import { readInventory } from "../../src/observe/inventory.ts";
import { planGrow } from "../../src/plan/strategies/group/grow.ts";
import { planShrink } from "../../src/plan/strategies/group/shrink.ts";
import { type Story, type Told, underClients } from "./backed-up.ts";
import { bringUp, run, type ShopSite } from "./run.ts";
import { network, shop } from "./shop.ts";

const GROUP = "burst";

/** With more of them, another server has to take a worker over when one leaves. */
export const twoWorkers = { ...shop, application: { ...shop.application, workers: 2 } };

export async function groupNow({ world }: ShopSite, definition = shop) {
  const inventory = await readInventory(world);
  const { members } = groupIn(sourceIn(inventory), GROUP);
  const has = members.map(({ name }) => name);
  return { definition, network, inventory, group: GROUP, has, because: "of a law", members };
}

export const planGrowth = async (shopSite: ShopSite, servers: number, definition = shop): Promise<Plan> =>
  planGrow({ ...(await groupNow(shopSite, definition)), servers, now: shopSite.site.clock.now() });

/** The oldest go. */
export async function planShrinking(shopSite: ShopSite, servers: number, definition = shop): Promise<Plan> {
  const { members, ...input } = await groupNow(shopSite, definition);
  const leaving = inOrderOfAge(members)
    .slice(0, servers)
    .map(({ name }) => name);
  return planShrink({ ...input, leaving });
}

export interface Change extends Story {
  servers?: number;
}

export async function growUnderClients({ servers = 2, ...story }: Change = {}): Promise<Told> {
  const shopSite = await bringUp();
  story.prepare?.(shopSite);
  return underClients(shopSite, () => planGrowth(shopSite, servers), story);
}

/** It grew by two before, and loses its oldest. */
export async function shrinkUnderClients({ servers = 2, ...story }: Change = {}): Promise<Told> {
  const shopSite = await bringUp();
  await run(shopSite, await planGrowth(shopSite, 2), { upgrade: "u-0" });
  story.prepare?.(shopSite);
  return underClients(shopSite, () => planShrinking(shopSite, servers), story);
}
