/** Gets a call to the control database through, also while its server is being started again. */
import type { Clock } from "../model/clock.ts";
import type { Journal } from "../model/upgrade.ts";

const LIMIT_MS = 15 * 60_000;
const PAUSE_MS = 250;
/** Connection failures, a server that shuts down or starts up, and one that has no room at the moment. */
const PASSING = /^(08...|57P0[123]|53300|ECONNREFUSED|ECONNRESET|ENOENT|EPIPE|ETIMEDOUT|EHOSTUNREACH|EAI_AGAIN)$/;
const PASSING_WORDS =
  /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection/;

/** Only for calls that may be made twice. What is not about the connection is thrown at once. */
export async function steady<T>(clock: Clock, stopping: AbortSignal, call: () => Promise<T>): Promise<T> {
  const deadline = clock.now() + LIMIT_MS;
  for (;;) {
    try {
      return await call();
    } catch (error) {
      // A control plane that stops leaves everything as it is; a failure now would be taken for the upgrade's.
      if (stopping.aborted) return new Promise<never>(() => {});
      if (!isPassing(error) || clock.now() > deadline) throw error;
    }
    await clock.sleep(PAUSE_MS, stopping).catch(() => {});
  }
}

function isPassing(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as { code?: string };
  return (code !== undefined && PASSING.test(code)) || PASSING_WORDS.test(error.message);
}

export const steadyJournal = (clock: Clock, stopping: AbortSignal, journal: Journal): Journal => ({
  begin: (step, direction) => steady(clock, stopping, () => journal.begin(step, direction)),
  // Only news: what is lost is told again.
  tell: (sequence, facts) => journal.tell(sequence, facts),
  end: (sequence, result) => steady(clock, stopping, () => journal.end(sequence, result)),
  entries: () => steady(clock, stopping, () => journal.entries()),
});
