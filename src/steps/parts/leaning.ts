/** Application servers that find their database through a load balancer: without it they lose that. */
import type { ServerRecord } from "../../model/provider.ts";
import type { StepContext } from "../../model/step.ts";
import { each } from "./each.ts";

/** In sentences, those that run and are not among `names` themselves. */
export async function leaningOn({ world }: StepContext, names: readonly string[]): Promise<string[]> {
  const records = await world.provider.list(world.environment);
  const ofKind = (kind: ServerRecord["kind"]) => records.filter((record) => record.kind === kind);
  const going = ofKind("load-balancer").filter(({ name }) => names.includes(name));
  if (going.length === 0) return [];
  const staying = ofKind("application").filter(({ name }) => !names.includes(name));
  const seen = await each(staying, async ({ name }) => {
    const application = await world.application(name);
    const at = (await application.installed())?.database.address;
    const through = going.find(({ address }) => address === at);
    if (!through) return null;
    const states = await each(["web", "worker"] as const, async (role) => (await application.state(role)).state);
    const runs = states.some((state) => state === "running" || state === "failing");
    return runs ? `"${name}" finds its database through "${through.name}"` : null;
  });
  return seen.filter((one) => one !== null);
}
