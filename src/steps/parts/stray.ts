/** What on an environment's load balancers leads out of it: endpoints, and members of its pools. */
import type { StepContext } from "../../model/step.ts";

export async function strays({ world }: StepContext, loadBalancers: readonly string[]): Promise<string[]> {
  const ours = (await world.provider.list(world.environment)).map(({ address }) => address);
  const stray: string[] = [];
  for (const name of loadBalancers) {
    const loadBalancer = await world.loadBalancer(name);
    for (const slot of ["a", "b"] as const) {
      const to = await loadBalancer.readEndpoint(slot);
      if (to && !ours.includes(to.address)) stray.push(`endpoint ${slot} on "${name}" leads to ${to.address}`);
      const members = (await loadBalancer.members(slot)).filter(({ address }) => !ours.includes(address));
      stray.push(...members.map(({ server, address }) => `pool ${slot} on "${name}" has "${server}" at ${address}`));
    }
  }
  return stray;
}
