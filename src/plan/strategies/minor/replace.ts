/** Replace: every new server stands beside the old ones, then the public goes to them in one switch. */
import type { PlanStep, Stage } from "../../../model/plan.ts";
import { probeServers } from "../../../steps/probe-servers.ts";
import { swapPools } from "../../../steps/swap-pools.ts";
import { checksOf, ms } from "../../layout.ts";
import { act, inOrder } from "../../stage.ts";
import type { Cast } from "./cast.ts";
import { addressStages } from "./balancers.ts";
import { firstStages, installAndNote, joinServing, otherStages, serve } from "./green.ts";
import { BACK, FREE, namesOf } from "./words.ts";
import { handOverWorkers } from "./workers.ts";

export const replaceStages = (cast: Cast): Stage[] => [
  ...besideStages(cast),
  inOrder("Switch", BACK, switchOver(cast)),
  ...addressStages(cast),
];

/** All of the new release beside the old one, good and in a pool that nobody is led to. */
export function besideStages(cast: Cast): Stage[] {
  const [first, ...others] = cast.pairs;
  if (!first) throw new Error("a generation has at least one server");
  const beside = [
    // Behind a load balancer of its own for testers it was in their pool only.
    ...(cast.testBalancer ? [joinServing(cast, [first])] : []),
    ...(others.length > 0 ? serve(cast, others) : []),
  ];
  return [
    ...firstStages(cast),
    ...otherStages(cast),
    installAndNote(cast, others, "Install the new release on the others"),
    ...(beside.length > 0 ? [inOrder("Start them all beside the old ones", FREE, beside)] : []),
  ];
}

export const switchOver = (cast: Cast): PlanStep[] => [
  // Some of them have been waiting for a while.
  act(probeServers, {
    servers: namesOf(cast),
    good: checksOf(cast.definition, "with-clean-up"),
    withinMs: ms(cast.definition.limits.healthySeconds),
  }),
  act(swapPools, { loadBalancers: cast.all, from: cast.slot, to: cast.serves }, "swap"),
  ...handOverWorkers(cast, cast.pairs),
];
