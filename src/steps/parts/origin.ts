/** The world of the environment that a clone is made of, and of it only the one server that is lent. */
import type { StepContext } from "../../model/step.ts";

/** What an earlier control plane sent there arrives too late from here on. */
export async function atOrigin(context: StepContext, environment: string, server: string): Promise<StepContext> {
  const world = await context.world.elsewhere(environment);
  await (await world.provider.open(environment, server)).claim();
  return { ...context, world };
}
