/** A journal in memory, for running whole plans against a simulated world. */
import type { Clock } from "../model/clock.ts";
import type { Journal, JournalEntry } from "../model/upgrade.ts";

export interface MemoryJournal extends Journal {
  /** From the next intent on, nothing new goes forward. */
  askWayBack(reason: string, lossAccepted?: boolean): void;
  wayBackReason(): string | null;
  /** As a durable engine does: what is over is recorded, and not done again when the run is continued. */
  once<T>(deed: string, work: () => Promise<T>): Promise<T>;
}

export function memoryJournal(upgrade: string, clock: Clock): MemoryJournal {
  const entries: JournalEntry[] = [];
  const recorded = new Map<string, unknown>();
  let asked: { reason: string; lossAccepted: boolean } | null = null;
  return {
    async once<T>(deed: string, work: () => Promise<T>) {
      if (!recorded.has(deed)) recorded.set(deed, await work());
      return recorded.get(deed) as T;
    },
    askWayBack: (reason, lossAccepted = false) => {
      asked ??= { reason, lossAccepted };
    },
    wayBackReason: () => asked?.reason ?? null,
    entries: async () => structuredClone(entries),
    async begin(step, direction) {
      const before = entries.findLast((entry) => entry.direction === direction && entry.index === step.index);
      if (before?.result === "done") return { kind: "done-before", evidence: before.evidence };
      if (direction === "apply" && asked !== null)
        return { kind: "way-back-asked", ...asked, begun: before !== undefined };
      const sequence = entries.length + 1;
      entries.push({
        upgrade,
        sequence,
        index: step.index,
        stage: step.stage,
        step: step.step,
        says: step.says,
        direction,
        try: (before?.try ?? 0) + 1,
        intentAt: clock.now(),
        resultAt: null,
        result: null,
        acted: true,
        foundDone: false,
        evidence: null,
        problem: null,
        durationMs: null,
      });
      return { kind: "begun", sequence, interrupted: before !== undefined && before.result === null };
    },
    async tell(sequence, facts) {
      const entry = entries.find((one) => one.sequence === sequence && one.result === null);
      if (entry) entry.evidence = facts;
    },
    async end(sequence, result) {
      const entry = entries.find((one) => one.sequence === sequence && one.result === null);
      if (!entry) throw new Error(`the journal has no open try ${sequence}`);
      const resultAt = clock.now();
      Object.assign(entry, result, { resultAt, durationMs: resultAt - entry.intentAt });
    },
  };
}
