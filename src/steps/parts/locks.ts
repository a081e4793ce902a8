/** Who has locked which servers, read from the servers themselves. */
import { LOCKED } from "../../model/provider.ts";
import type { StepContext } from "../../model/step.ts";
import { dropLabel } from "./records.ts";

export async function locksOn({ world }: StepContext, names: string[]): Promise<{ name: string; by: string }[]> {
  const records = await world.provider.list(world.environment);
  return records.flatMap(({ name, labels }) => {
    const by = labels[LOCKED];
    return by !== undefined && names.includes(name) ? [{ name, by }] : [];
  });
}

export async function unlock(context: StepContext, names: string[]): Promise<void> {
  const mine = (await locksOn(context, names)).filter(({ by }) => by === context.upgrade);
  for (const { name } of mine) await dropLabel(context, name, LOCKED);
}
