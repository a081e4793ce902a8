/** A control plane that can be made to die: from then on nothing it waits for ever comes. */
import type { Clock } from "../../src/model/clock.ts";
import type { MemoryJournal } from "../../src/run/memory-journal.ts";

export interface Mortal {
  clock: Clock;
  journal(journal: MemoryJournal): MemoryJournal;
  /** To be awaited at every moment at which it could die. */
  passing(moment: string): Promise<void>;
  /** Every moment it has lived through. */
  readonly moments: string[];
  readonly died: Promise<void>;
}

const never = <T>(): Promise<T> => new Promise<T>(() => {});

/** Dies at the moment of this number, counted from 0; null lives for ever. */
export function mortal(clock: Clock, diesAt: number | null, watch?: (moment: string) => void | Promise<void>): Mortal {
  const death = new AbortController();
  const died = Promise.withResolvers<void>();
  const moments: string[] = [];
  const alive = async <T>(work: () => Promise<T>): Promise<T> => {
    if (death.signal.aborted) return never();
    const result = await work();
    return death.signal.aborted ? never() : result;
  };
  const passing = async (moment: string): Promise<void> => {
    if (death.signal.aborted) return never();
    if (moments.length === diesAt) {
      death.abort();
      died.resolve();
      return never();
    }
    moments.push(moment);
    await watch?.(moment);
  };
  return {
    clock: {
      now: () => clock.now(),
      sleep: (ms, signal) => {
        if (death.signal.aborted) return never();
        const cut = new AbortController();
        const stop = () => cut.abort(signal?.reason);
        if (signal?.aborted) stop();
        signal?.addEventListener("abort", stop);
        death.signal.addEventListener("abort", stop);
        const settle = () => {
          signal?.removeEventListener("abort", stop);
          death.signal.removeEventListener("abort", stop);
        };
        return clock.sleep(ms, cut.signal).then(
          () => {
            settle();
            return death.signal.aborted ? never<void>() : undefined;
          },
          (error: unknown) => {
            settle();
            if (death.signal.aborted) return never<void>();
            throw error;
          },
        );
      },
    },
    journal: (journal) => ({
      ...journal,
      begin: (step, direction) =>
        passing(`intent ${direction} ${step.says}`).then(() => journal.begin(step, direction)),
      end: (sequence, result) => passing(`result ${sequence}`).then(() => journal.end(sequence, result)),
      entries: () => alive(() => journal.entries()),
      once: (deed, work) =>
        journal.once(deed, () => work().then((ended) => passing(`record ${deed}`).then(() => ended))),
    }),
    passing,
    moments,
    died: died.promise,
  };
}
