/** What a plan is expected to take; unknown where nobody has measured it, rather than a number. */
import type { Costs } from "./costs.ts";

/** A rehearsal of this very plan, or upgrades and rehearsals of other plans of the same environment. */
export type ForecastSource = "rehearsal" | "past upgrades";

export interface StageForecast {
  /** Without the wait at gates. */
  expectedMs: number | null;
  /** Undoing everything up to the end of this stage; null also where there is no way back. */
  wayBackMs: number | null;
}

export interface Forecast extends Costs {
  /** Null: nothing was measured yet. */
  from: ForecastSource | null;
  /** What the application's tables took when this was said. */
  databaseBytes: number | null;
  totalMs: number | null;
  stages: StageForecast[];
  /** Sentences of the steps that nobody has timed. */
  unknown: string[];
}
