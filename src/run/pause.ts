/** Keeps the next step of a paused upgrade from beginning, for as long as it takes. */
import type { Clock } from "../model/clock.ts";
import type { Journal } from "../model/upgrade.ts";

export interface PauseParts {
  clock: Clock;
  /** Asks the control database: is it still paused? */
  isPaused(): Promise<boolean>;
  showPaused(): Promise<void>;
  /** Aborted by whatever ends a pause besides its end: the way back, an abort, a control plane that stops. */
  cut: AbortSignal;
  stopping: AbortSignal;
}

const LOOK_EVERY_MS = 500;

export const pausable = (parts: PauseParts, journal: Journal): Journal => ({
  ...journal,
  async begin(step, direction) {
    for (;;) {
      const begin = await journal.begin(step, direction);
      if (begin.kind !== "paused") return begin;
      await parts.showPaused();
      while (!parts.cut.aborted && (await parts.isPaused())) {
        await parts.clock.sleep(LOOK_EVERY_MS, parts.cut).catch(() => {});
      }
      if (parts.stopping.aborted) return new Promise<never>(() => {});
    }
  },
});
