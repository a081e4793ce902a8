/** Behaves as the public of an application until told to stop, and keeps the book that losses are counted from. */
import type { Clock } from "../model/clock.ts";
import type { EnvironmentDefinition } from "../model/environment.ts";
import type { Endpoint } from "../model/load-balancer.ts";
import type { LedgerSummary } from "../model/report.ts";
import { arrivals } from "./arrivals.ts";
import { openBook, readBook } from "./book.ts";
import { clientDowntimeMs, countRequests, writeGapMs } from "./count.ts";
import { openTraffic } from "./traffic.ts";
import { openWrites } from "./writes.ts";

interface LedgerLimits {
  /** One request. */
  timeoutMs: number;
  inFlightMax: number;
  /** Writes that wait to be sent again. */
  backlogMax: number;
  triesMax: number;
  /** For the last try of all writes that still wait when the clients stop. */
  finishMs: number;
  freshEvery: number;
}

export interface LedgerOptions {
  definition: NonNullable<EnvironmentDefinition["ledger"]>;
  /** The load balancers, asked in turn. */
  targets: readonly Endpoint[];
  /** Host name that the public uses. */
  host: string;
  /** Must not exist yet; the answers go to a file beside it. */
  file: string;
  /** Aborted when the clients shall stop; what is in flight is waited for. */
  signal: AbortSignal;
  clock: Clock;
  limits?: Partial<LedgerLimits>;
  tell?: (why: string) => void;
}

/** What the clients know themselves. Lost and duplicated need the database: see `countAgain` in book.ts. */
export interface LedgerRun extends Omit<LedgerSummary, "writes"> {
  writes: { acknowledged: number; refused: number; open: number };
}

const usual: LedgerLimits = {
  timeoutMs: 10_000,
  inFlightMax: 2000,
  backlogMax: 5000,
  triesMax: 30,
  finishMs: 15_000,
  freshEvery: 5,
};

/** Writes waiting for another try are thinned out, so that retries stay a share of the traffic. */
const retriesPerWrite = 2;

export async function runLedger(options: LedgerOptions): Promise<LedgerRun> {
  const { definition, targets, host, file, signal, clock, tell } = options;
  const limits = { ...usual, ...options.limits };
  const book = openBook(file);
  const traffic = openTraffic({ targets, host, book, clock, ...limits });
  const writes = openWrites({ check: definition.write, traffic, book, clock, tell, ...limits });
  const failed = new AbortController();
  const ended = AbortSignal.any([signal, failed.signal]);
  const working = new Set<Promise<void>>();
  const begin = (work: Promise<unknown>) => {
    const watched = work.then(
      () => void working.delete(watched),
      (error: unknown) => failed.abort(error),
    );
    working.add(watched);
  };
  try {
    await Promise.all([
      arrivals(clock, definition.writesPerSecond, ended, () => {
        begin(writes.fresh());
        begin(writes.retry(retriesPerWrite));
      }),
      arrivals(clock, definition.readsPerSecond, ended, () => begin(traffic.ask(definition.read))),
    ]);
    await Promise.all(working);
    await writes.finish(limits.finishMs);
    // A book that can't be written to is no book: its clients' counts would be too good.
    failed.signal.throwIfAborted();
  } finally {
    traffic.close();
    book.close();
  }
  return observed(file, writes.unacknowledged());
}

/** Counted from the files, as everybody else will. */
async function observed(file: string, unacknowledged: { refused: number; open: number }): Promise<LedgerRun> {
  const { lines, runs } = await readBook(file);
  return {
    path: file,
    requests: countRequests(runs),
    writes: { acknowledged: lines.length, ...unacknowledged },
    clientDowntimeMs: clientDowntimeMs(runs),
    writeGapMs: writeGapMs(lines),
  };
}
