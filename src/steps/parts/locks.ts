/** Who has locked which servers, read from the servers themselves. */
import { LOCKED, type ServerRecord } from "../../model/provider.ts";
import type { StepContext } from "../../model/step.ts";
import type { World } from "../../model/world.ts";
import { each } from "./each.ts";

export async function locksOn({ world }: StepContext, names: string[]): Promise<{ name: string; by: string }[]> {
  return (await recordsOf(world, names)).flatMap(({ name, labels }) => {
    const by = labels[LOCKED];
    return by === undefined ? [] : [{ name, by }];
  });
}

export async function lock({ world, upgrade }: StepContext, names: string[]): Promise<void> {
  const open = (await recordsOf(world, names)).filter(({ labels }) => labels[LOCKED] !== upgrade);
  await each(open, ({ name, labels }) =>
    world.provider.relabel(world.environment, name, { ...labels, [LOCKED]: upgrade }),
  );
}

/** Only what this upgrade has locked. */
export async function unlock({ world, upgrade }: StepContext, names: string[]): Promise<void> {
  const mine = (await recordsOf(world, names)).filter(({ labels }) => labels[LOCKED] === upgrade);
  await each(mine, ({ name, labels }) => {
    const { [LOCKED]: _, ...rest } = labels;
    return world.provider.relabel(world.environment, name, rest);
  });
}

const recordsOf = (world: World, names: string[]): Promise<ServerRecord[]> =>
  world.provider.records(world.environment, names);
