/** A scaling group as steps find it in the world: its servers in one pool, and whether an upgrade has suspended it. */
import { SUSPENDED } from "../../model/group/suspension.ts";
import type { Slot } from "../../model/load-balancer.ts";
import type { ServerRecord } from "../../model/provider.ts";
import type { World } from "../../model/world.ts";
import { each } from "./each.ts";

export const groupServers = async (
  { provider, environment }: World,
  { group, slot }: { group: string; slot: Slot },
): Promise<ServerRecord[]> =>
  (await provider.list(environment)).filter(
    ({ labels }) => labels.group === group && labels.slot === slot && labels.kept === undefined,
  );

/** Who suspended it, as each load balancer says; null where nobody did. */
export async function suspensions(world: World, loadBalancers: readonly string[]) {
  const records = await world.provider.list(world.environment);
  return records
    .filter(({ name }) => loadBalancers.includes(name))
    .map((record) => ({ record, by: record.labels[SUSPENDED] ?? null }));
}

/** Null: nobody suspends it any more. */
export async function sayWhoSuspends(world: World, loadBalancers: readonly string[], by: string | null): Promise<void> {
  const other = (await suspensions(world, loadBalancers)).filter((one) => one.by !== by);
  await each(other, ({ record: { name, labels } }) => {
    const { [SUSPENDED]: _, ...rest } = labels;
    return world.provider.relabel(world.environment, name, by === null ? rest : { ...rest, [SUSPENDED]: by });
  });
}
