/** Canary: the new release gets a growing share of the public, and each larger one only when it does as well as the old one. */
import type { Stage } from "../../../model/plan.ts";
import { compareGenerations } from "../../../steps/compare-generations.ts";
import { shareTraffic } from "../../../steps/share-traffic.ts";
import { ms } from "../../layout.ts";
import { act, inOrder } from "../../stage.ts";
import type { Cast } from "./cast.ts";
import { besideStages, switchOver } from "./replace.ts";
import { BACK } from "./words.ts";

export function canaryStages(cast: Cast): Stage[] {
  const { definition, loadBalancers, slot, serves } = cast;
  const { shares, soakSeconds, waitSeconds, samples, errorsPercent, slowerTimes, slowerMs } = definition.minor;
  return [
    ...besideStages(cast),
    ...shares.map((percent) =>
      inOrder(`Give ${percent} % of the public to the new release`, BACK, [
        // Taken back, it gets nothing at once, and not the share before.
        act(shareTraffic, { loadBalancers, from: slot, to: serves, percent, before: 0 }),
        act(compareGenerations, {
          ...{ loadBalancers, slot: serves, percent, samples, errorsPercent, slowerTimes, slowerMs },
          soakMs: ms(soakSeconds),
          waitMs: ms(waitSeconds),
        }),
      ]),
    ),
    inOrder("Switch", BACK, switchOver(cast)),
  ];
}
