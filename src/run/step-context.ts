/** What a step is given while it runs. */
import { type Clock, waitFor } from "../model/clock.ts";
import type { StepContext } from "../model/step.ts";
import type { World } from "../model/world.ts";

const LOOK_EVERY_MS = 200;

/** What the world does not say: the journal, the store and people. */
export type Known = Pick<StepContext, "evidenceOf" | "openOverrides" | "tell" | "sessionsCut">;

export const contextFor = (
  clock: Clock,
  { upgrade, round }: Pick<StepContext, "upgrade" | "round">,
  world: World,
  signal: AbortSignal,
  known: Known,
): StepContext => ({
  world,
  upgrade,
  round,
  signal,
  ...known,
  until: (withinMs, look, everyMs = LOOK_EVERY_MS) => waitFor(clock, { withinMs, everyMs, signal }, look),
});
