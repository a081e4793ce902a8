/** Minor upgrades of the simulated shop under clients: release 2 adds to the schema, and release 1 works on it, too. */
import { type EnvironmentDefinition, environmentSchema } from "../../src/model/environment.ts";
import type { MinorStrategy, Plan } from "../../src/model/plan.ts";
import { readInventory } from "../../src/observe/inventory.ts";
import { planMinor } from "../../src/plan/strategies/minor/minor.ts";
import type { SimulatedRelease } from "../../src/providers/simulated/programs.ts";
import { type Story, type Told, underClients } from "./backed-up.ts";
import { ADDRESS, bringUpFronts, hosts } from "./fronts.ts";
import { bringUp, type ShopSite } from "./run.ts";
import { artefacts, network, shop } from "./shop.ts";

/** Every wait short. */
const settings = { shares: [10, 50], soakSeconds: 1, waitSeconds: 30, samples: 5 };

export const minorShop: EnvironmentDefinition = environmentSchema.parse({
  ...shop,
  minor: settings,
  limits: { ...shop.limits, sessionsSeconds: 1 },
});

const additive = ["rows", "add notices", "add rows.note"];

/** Without a migrate command the schema stays what it is. */
export interface MinorStory extends Story {
  misbehaves?: Partial<SimulatedRelease>;
  definition?: EnvironmentDefinition;
  keepSeconds?: number;
}

export async function shopForMinor(misbehaves: Partial<SimulatedRelease> = {}): Promise<ShopSite> {
  const on = await bringUp();
  Object.assign(on.site.releases, { "2": { schema: additive, migration: "good", web: "good", ...misbehaves } });
  return on;
}

/** Front ends that are replaced by front ends, or parted into load balancers and application servers. */
export async function upgradeFronts(
  wanted: EnvironmentDefinition,
  story: Story & { keepSeconds?: number } = {},
): Promise<Told> {
  const { on } = await bringUpFronts();
  Object.assign(on.site.releases, { "2": { schema: additive, migration: "good", web: "good" } });
  const { keepSeconds = 0, prepare, ...rest } = story;
  prepare?.(on);
  const definition = { ...wanted, minor: minorShop.minor, limits: { ...minorShop.limits, keepSeconds } };
  const make = async () => {
    const inventory = await readInventory(on.world);
    const holders = {
      www: inventory.loadBalancers
        .map(({ record }) => record.name)
        .filter((name) => on.site.loadBalancer(name).floating.has(ADDRESS)),
    };
    return planMinor({
      ...{ definition, network: hosts(20), inventory, strategy: "replace" as const, to: "2", artefacts },
      ...{ failAt: story.failAt ?? null, holders, page: "<h1>soon</h1>" },
    });
  };
  return underClients(on, make, rest);
}

export async function planMinorOf(
  { world }: ShopSite,
  strategy: MinorStrategy,
  definition: EnvironmentDefinition = minorShop,
  failAt: string | null = null,
): Promise<Plan> {
  const inventory = await readInventory(world);
  return planMinor({ definition, network, inventory, strategy, to: "2", artefacts, failAt });
}

export async function upgradeMinor(strategy: MinorStrategy, story: MinorStory = {}): Promise<Told> {
  const { misbehaves, definition = minorShop, keepSeconds = 0, prepare, ...rest } = story;
  const on = await shopForMinor(misbehaves);
  prepare?.(on);
  const wanted = { ...definition, limits: { ...definition.limits, keepSeconds } };
  return underClients(on, () => planMinorOf(on, strategy, wanted, rest.failAt ?? null), rest);
}
