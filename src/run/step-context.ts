/** What a step is given while it runs. */
import { type Clock, waitFor } from "../model/clock.ts";
import type { StepContext } from "../model/step.ts";
import type { World } from "../model/world.ts";

const LOOK_EVERY_MS = 200;

export const contextFor = (
  clock: Clock,
  upgrade: string,
  world: World,
  signal: AbortSignal,
  evidenceOf: StepContext["evidenceOf"],
): StepContext => ({
  world,
  upgrade,
  signal,
  evidenceOf,
  until: (withinMs, look, everyMs = LOOK_EVERY_MS) => waitFor(clock, { withinMs, everyMs, signal }, look),
});
