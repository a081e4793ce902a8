/** A simulated environment that has names, plans that move them, and what became of it. */
import type { NameMove } from "../../src/model/dns-name.ts";
import type { EnvironmentDefinition } from "../../src/model/environment.ts";
import { namesSchema, ownNames } from "../../src/model/names.ts";
import type { Plan } from "../../src/model/plan.ts";
import { planMoveName } from "../../src/plan/strategies/move-name.ts";
import { SimulatedClock } from "../../src/providers/simulated/clock.ts";
import { Site } from "../../src/providers/simulated/site.ts";
import { createSimulatedWorld } from "../../src/providers/simulated/world.ts";
import type { ShopSite } from "./run.ts";
import { releases, shop } from "./shop.ts";

export const WWW = "www.shop.test";
export const TEST = "test1.shop.test";
export const TTL = 60;

export const named: EnvironmentDefinition = {
  ...shop,
  names: namesSchema.parse({
    server: { address: "192.0.2.53" },
    zone: "shop.test",
    key: { name: "mover", credential: "dns-key" },
    public: [WWW],
    test: [TEST],
  }),
};

/** Nothing of it runs: names are the DNS server's. */
export function namedSite(): ShopSite {
  const site = new Site({ definition: named, clock: new SimulatedClock(), releases: releases() });
  return { site, world: createSimulatedWorld({ site, clock: site.clock, token: 0 }) };
}

type Wish = Pick<NameMove, "to"> & { ttlSeconds?: number; from?: string[]; rememberedSeconds?: number; wait?: boolean };

export async function planMoveOf({ world }: ShopSite, name: string, wish: Wish): Promise<Plan> {
  const now = await (await world.names()).read(name);
  const own = ownNames(named).find((one) => one.name === name);
  if (!own) throw new Error(`no name ${name}`);
  return planMoveName({
    environment: named.environment,
    own,
    now,
    from: wish.from ?? null,
    to: { addresses: wish.to, ttlSeconds: wish.ttlSeconds ?? (now.ttlSeconds || TTL) },
    limitSeconds: TTL,
    rememberedSeconds: wish.rememberedSeconds ?? 0,
    wait: wish.wait ?? true,
  });
}
