/** Proves that a scaling group can grow by the release that serves now: one server more, made as the group makes them, and gone again. */
import type { Install } from "../model/application.ts";
import type { EnvironmentDefinition } from "../model/environment.ts";
import type { Slot } from "../model/load-balancer.ts";
import type { PlanStep } from "../model/plan.ts";
import type { ServerRecord } from "../model/provider.ts";
import { leavePool } from "../steps/leave-pool.ts";
import { retireSpare } from "../steps/retire-spare.ts";
import { type BootOf, bootSteps, leaveSteps } from "./boot.ts";
import { install, launch, startInPool, timesOf } from "./launching.ts";
import { ms } from "./layout.ts";
import { act } from "./stage.ts";

export interface Growth {
  record: ServerRecord;
  after: Install;
  pool: { loadBalancers: string[]; slot: Slot };
  boot: BootOf | undefined;
}

export function proveGrowth(definition: EnvironmentDefinition, { record, after, pool, boot }: Growth): PlanStep[] {
  const server = record.name;
  // The public meets it: whoever is still connected is told to go elsewhere.
  const met = { ...pool, graceMs: timesOf(definition).graceMs };
  return [
    launch(definition, record, "retire"),
    ...bootSteps(boot, record, "retire"),
    install(definition, server, after),
    ...startInPool(definition, [record], met),
    act(leavePool, { ...met, members: [server], drainMs: ms(definition.limits.drainSeconds) }),
    // Not for good: until the old servers are retired the way back has to stay open.
    ...leaveSteps(boot, record),
    act(retireSpare, { spare: server, holds: "nothing" }),
  ];
}
