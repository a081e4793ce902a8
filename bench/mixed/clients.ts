/** Mixed clients of examples/minor: they come whether or not earlier ones were answered, until they are stopped. */
import { arrivals } from "../../src/ledger/arrivals.ts";
import { openBook } from "../../src/ledger/book.ts";
import { openWrites } from "../../src/ledger/writes.ts";
import type { Clock } from "../../src/model/clock.ts";
import type { Endpoint } from "../../src/model/load-balancer.ts";
import { openAsking } from "./asking.ts";
import { type Counted, type Judged, kinds, openCounts } from "./counts.ts";
import { questionOf, shares, socketPath, write } from "./questions.ts";
import { talk } from "./talk.ts";

export interface MixedOptions {
  /** Addresses of load balancers, asked in turn. */
  entrances: readonly Endpoint[];
  /** Host name that the public uses. */
  host: string;
  /** For acknowledged writes, as of the ledger; must not exist yet. */
  file: string;
  clock: Clock;
  perSecond?: number;
  /** One request, handshake or message. */
  timeoutMs?: number;
}

export interface MixedReport extends Counted {
  /** GETs sent again, whose kept connection had ended before a byte of their answer. */
  retried: number;
  /** Websockets that were opened again after 1001, and what was said. */
  sockets: { reconnected: number; messages: number; carried: number };
  writes: { refused: number; open: number };
}

export interface Mixed {
  /** Waits for what is in flight, at most four times as long as one request may take. */
  stop(): Promise<MixedReport>;
}

const usual = { perSecond: 500, timeoutMs: 10_000 };
const inFlightMax = 2000;
/** Websockets live 2 to 11 s: some longer than the deadline of a drained server, so that they are told to go away. */
const livesMs = (number: number): number => 2000 + ((number * 997) % 9001);
const messageMs = 400;
const writeLimits = { backlogMax: 5000, triesMax: 30 };
/** Writes that wait are sent again so many at a time, so that they stay a share of the traffic. */
const retriesPerWrite = 2;

export function openMixed(options: MixedOptions): Mixed {
  const { entrances, host, file, clock } = options;
  const { perSecond, timeoutMs } = { ...usual, ...options };
  const counts = openCounts();
  const book = openBook(file);
  let closed = false;
  const answered = (at: number, judged: Judged) => {
    const kind = judged.kind === "paged" ? "page" : judged.kind === "failed" ? "failed" : "application";
    if (!closed) book.answered(at, kind, judged.kind === "failed" ? judged.why : undefined);
  };
  const acknowledge: typeof book.acknowledge = (line) => void (closed || book.acknowledge(line));
  const asking = openAsking({ entrances, host, timeoutMs, inFlightMax, counts, clock, answered });
  const traffic = { ask: (check: typeof write) => asking.ask("write", { check }), full: asking.full, close() {} };
  const writes = openWrites({ check: write, traffic, book: { ...book, acknowledge }, clock, ...writeLimits });
  const sockets: MixedReport["sockets"] = { reconnected: 0, messages: 0, carried: 0 };
  const ending = new AbortController();
  const working = new Set<Promise<void>>();
  const begin = (work: Promise<unknown>) => {
    const watched = work.then(() => void working.delete(watched));
    working.add(watched);
  };
  let number = 0;

  async function visit(): Promise<void> {
    const own = ++number;
    const talked = await talk({
      name: `talk-${own}`,
      opening: () => ({ target: asking.nextEntrance(), host, path: socketPath, timeoutMs }),
      ...{ livesMs: livesMs(own), everyMs: messageMs, signal: ending.signal },
      began: () => counts.sent("socket"),
      ended: (judged, slowestMs, headers) => {
        const release = headers["x-release"];
        counts.ended(clock.now(), "socket", judged, slowestMs, release === undefined ? undefined : String(release));
        answered(clock.now(), judged);
      },
    });
    sockets.reconnected += talked.connections - 1;
    sockets.messages += talked.messages;
    sockets.carried += talked.carried;
  }

  const arrive = (kind: (typeof kinds)[number]) => {
    if (kind === "socket") return begin(visit());
    if (kind !== "write") return begin(asking.ask(kind, questionOf(kind, ++number)));
    begin(writes.fresh());
    begin(writes.retry(retriesPerWrite));
  };
  const coming = Promise.all(
    kinds.map((kind) => arrivals(clock, perSecond * shares[kind], ending.signal, () => arrive(kind))),
  );

  return {
    async stop() {
      ending.abort();
      await coming;
      const limit = new AbortController();
      const all = Promise.all(working).then(() => writes.finish(timeoutMs));
      await Promise.race([all, clock.sleep(4 * timeoutMs, limit.signal).catch(() => {})]);
      limit.abort();
      asking.close();
      const counted = counts.close(clock.now(), "no answer when the clients stopped");
      closed = true;
      book.close();
      return { ...counted, retried: asking.retried(), sockets, writes: writes.unacknowledged() };
    },
  };
}
