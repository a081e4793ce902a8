/** What a step is given while it runs. */
import { type Clock, waitFor } from "../model/clock.ts";
import type { Evidence, StepContext } from "../model/step.ts";
import type { World } from "../model/world.ts";

const LOOK_EVERY_MS = 200;

export const contextFor = (
  clock: Clock,
  { upgrade, round }: Pick<StepContext, "upgrade" | "round">,
  world: World,
  signal: AbortSignal,
  evidenceOf: (step: string) => Promise<Evidence | null>,
): StepContext => ({
  world,
  upgrade,
  round,
  signal,
  evidenceOf,
  until: (withinMs, look, everyMs = LOOK_EVERY_MS) => waitFor(clock, { withinMs, everyMs, signal }, look),
});
