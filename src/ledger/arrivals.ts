/** Open-loop arrivals: clients come when their time has come, whether or not earlier ones were answered. */
import type { Clock } from "../model/clock.ts";

/** Calls `arrive` so many times a second until the signal; what was missed while we slept is made up for at once. */
export async function arrivals(
  clock: Clock,
  perSecond: number,
  signal: AbortSignal,
  arrive: () => void,
): Promise<void> {
  if (perSecond <= 0) return;
  const start = clock.now();
  for (let count = 1; !signal.aborted; count++) {
    const wait = start + (count * 1000) / perSecond - clock.now();
    // Also when we are late, answers and the signal must get their turn.
    if (wait >= 1 || count % 64 === 0) await clock.sleep(Math.max(0, wait), signal).catch(stopQuietly(signal));
    if (!signal.aborted) arrive();
  }
}

const stopQuietly = (signal: AbortSignal) => (error: unknown) => {
  if (!signal.aborted) throw error;
};
