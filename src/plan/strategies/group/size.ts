/** How many servers a scaling group has after a plan was carried out, by the plan itself. Pure. */
import type { Plan } from "../../../model/plan.ts";
import { assertGroup } from "../../../steps/assert-group.ts";
import { launchServer } from "../../../steps/launch-server.ts";
import { retireServers } from "../../../steps/retire-servers.ts";
import { retireSpare } from "../../../steps/retire-spare.ts";

/** Of a plan that brings servers or takes them away; its generation's group is new when the plan did not begin with one. */
export function groupSizeAfter({ stages }: Plan): number {
  const servers = new Set<string>();
  for (const { step, input } of stages.flatMap(({ steps }) => steps)) {
    if (step === assertGroup.name) for (const name of assertGroup.input.parse(input).has) servers.add(name);
    if (step === launchServer.name) {
      const { record } = launchServer.input.parse(input);
      if (record.labels.group !== undefined) servers.add(record.name);
    }
    if (step === retireSpare.name) servers.delete(retireSpare.input.parse(input).spare);
    if (step === retireServers.name) for (const name of retireServers.input.parse(input).servers) servers.delete(name);
  }
  return servers.size;
}
