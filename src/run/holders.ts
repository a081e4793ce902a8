/** Which load balancers hold an address now, asked of each of them. */
import type { ServerRecord } from "../model/provider.ts";
import type { World } from "../model/world.ts";

/** A load balancer that can't be asked is neither a holder nor none. */
export async function holdersAmong(world: World, balancers: readonly ServerRecord[], address: string) {
  const seen = await Promise.all(
    balancers.map(async ({ name }) => {
      const holder = await world.addressHolder(name);
      const { onNetwork } = holder;
      return holder.holds(address).then(
        (holds) => ({ name, holds, onNetwork }),
        () => ({ name, holds: null, onNetwork }),
      );
    }),
  );
  const named = (holds: boolean | null) => seen.filter((one) => one.holds === holds).map(({ name }) => name);
  return { holders: named(true), unknown: named(null), onNetwork: seen.some((one) => one.onNetwork) };
}
