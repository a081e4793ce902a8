/** Runs a piece of work with a limit and a way to stop it; what ignores both is left behind. */
import type { Clock } from "../model/clock.ts";
import { Problem } from "../model/problem.ts";

export interface Limit {
  clock: Clock;
  ms: number;
  /** What the work is, for the problem's text. */
  says: string;
  /** Time to end by itself after it was told to and nothing of it is in flight; then it is abandoned. */
  graceMs: number;
  /** Resolves when nothing that the work began is in flight any more. */
  settled(): Promise<void>;
  /** Aborted when someone wants the work to end early; its reason becomes the failure. */
  stop: AbortSignal;
}

/** What the work gives in time counts, also when it was told to end meanwhile. */
export async function limited<T>(limit: Limit, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const told = new AbortController();
  const over = new AbortController();
  const tell = (): void => told.abort(limit.stop.reason);
  if (limit.stop.aborted) tell();
  limit.stop.addEventListener("abort", tell, { once: true });
  limit.clock.sleep(limit.ms, over.signal).then(
    () => told.abort(tookTooLong(limit)),
    () => {},
  );
  try {
    return await Promise.race([work(told.signal), abandoned(limit, told.signal, over.signal)]);
  } catch (error) {
    // A step that was told to end fails in its own words; why it was told is what people need to read.
    if (told.signal.aborted && !isStale(error)) throw told.signal.reason;
    throw error;
  } finally {
    limit.stop.removeEventListener("abort", tell);
    over.abort();
  }
}

/** Never resolves; rejects when the work had its time to end and did not. */
function abandoned({ clock, graceMs, settled }: Limit, told: AbortSignal, over: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const giveGrace = (): void => {
      settled()
        .then(() => clock.sleep(graceMs, over).catch(() => {}))
        .then(() => reject(told.reason), reject);
    };
    if (told.aborted) giveGrace();
    else told.addEventListener("abort", giveGrace, { once: true });
  });
}

export const isStale = (error: unknown): boolean => error instanceof Problem && error.kind === "stale-token";

const tookTooLong = ({ says, ms }: Limit): Problem =>
  new Problem("timed-out", {
    what: `"${says}" did not end in time`,
    why: `its limit is ${ms / 1000} s`,
    next: "changeover status",
  });
