/** The major upgrade: the schema breaks, so the public sees the page for a short, proven window. */
import type { Plan } from "../../../model/plan.ts";
import { castMajor, type MajorInput } from "./cast.ts";
import { afterWayBackStages, finishStages } from "./finish.ts";
import { prepareStages } from "./prepare.ts";
import { windowStages } from "./window.ts";

export function planMajor(input: MajorInput): Plan {
  const cast = castMajor(input);
  return {
    format: 1,
    environment: cast.definition.environment,
    strategy: "major",
    from: cast.from,
    to: cast.to,
    stages: [...prepareStages(cast), ...windowStages(cast), ...finishStages(cast)],
    afterWayBack: afterWayBackStages(cast),
    failAt: cast.failAt,
  };
}
