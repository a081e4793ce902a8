/** Whether a copy may have become the primary: then it must not be taken away, whatever it looks like just now. */
import type { Slot } from "../../model/load-balancer.ts";
import type { StepContext } from "../../model/step.ts";
import { each } from "./each.ts";
import { runningLoadBalancers } from "./running.ts";

/** One that was promoted and happens to be down looks like any replica: where the public is led decides, and what it boots as. */
export async function mayServe(
  context: StepContext,
  { name, address }: { name: string; address: string },
  serves: { loadBalancers: string[]; slot: Slot } | null,
): Promise<boolean> {
  const { world } = context;
  const { writable, bootsWritable } = await (await world.database(name)).health();
  if (writable || bootsWritable) return true;
  if (!serves) return false;
  const endpoints = await each(await runningLoadBalancers(context, serves.loadBalancers), async (loadBalancer) =>
    (await world.loadBalancer(loadBalancer)).readEndpoint(serves.slot),
  );
  return endpoints.some((seen) => seen?.address === address);
}
