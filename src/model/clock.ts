/** The one source of time; the simulated world brings a clock that stands still until it is told. */

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Resolves after `ms`, rejects with the signal's reason when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** What was just begun often holds a moment later: the first looks follow each other soon. */
const FIRST_PAUSE_MS = 20;

/** Asks again, in the end every `everyMs`, until `look` gives something, or the limit passes and it gives null. */
export async function waitFor<T>(
  clock: Clock,
  limit: { withinMs: number; everyMs: number; signal?: AbortSignal },
  look: () => Promise<T | null | undefined | false>,
): Promise<T | null> {
  const deadline = clock.now() + limit.withinMs;
  let pauseMs = Math.min(FIRST_PAUSE_MS, limit.everyMs);
  for (;;) {
    const seen = await look();
    if (seen) return seen;
    if (clock.now() >= deadline) return null;
    await clock.sleep(Math.min(pauseMs, Math.max(1, deadline - clock.now())), limit.signal);
    pauseMs = Math.min(Math.round(pauseMs * 1.5), limit.everyMs);
  }
}
