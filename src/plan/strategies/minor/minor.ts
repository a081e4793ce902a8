/** A minor upgrade: old and new run side by side on one schema, so the public notices nothing and the way back is free. */
import type { Plan, Stage } from "../../../model/plan.ts";
import { canaryStages } from "./canary.ts";
import { type Cast, castMinor, type MinorInput } from "./cast.ts";
import { afterWayBackStages, finishStages } from "./finish.ts";
import { inPlaceStages } from "./in-place.ts";
import { prepareStages } from "./prepare.ts";
import { replaceStages } from "./replace.ts";
import { rollingStages } from "./rolling.ts";

const switches: Record<Cast["strategy"], (cast: Cast) => Stage[]> = {
  replace: replaceStages,
  rolling: rollingStages,
  canary: canaryStages,
  "in-place": inPlaceStages,
};

export function planMinor(input: MinorInput): Plan {
  const cast = castMinor(input);
  return {
    format: 1,
    environment: cast.definition.environment,
    strategy: cast.strategy,
    from: cast.from,
    to: cast.to,
    stages: [...prepareStages(cast), ...switches[cast.strategy](cast), ...finishStages(cast)],
    afterWayBack: afterWayBackStages(cast),
    failAt: cast.failAt,
  };
}
