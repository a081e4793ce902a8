/** Sends one request of a kind to the next entrance and counts how it ended; bounded in flight. */
import http from "node:http";
import { classify } from "../../src/ledger/classify.ts";
import { type Outcome, send } from "../../src/ledger/request.ts";
import type { Clock } from "../../src/model/clock.ts";
import { misses } from "../../src/model/http-check.ts";
import type { Endpoint } from "../../src/model/load-balancer.ts";
import type { Counts, Judged, Kind } from "./counts.ts";
import type { Question } from "./questions.ts";

/** So many browsers hold connections that they use now and then. */
const browsers = 40;
/** We give idle connections up early, so that no load balancer closes one just as a request goes out. */
const idleMs = 4000;

export interface AskingOptions {
  entrances: readonly Endpoint[];
  host: string;
  timeoutMs: number;
  inFlightMax: number;
  counts: Counts;
  clock: Clock;
  /** Each judged answer, for a ledger. */
  answered(at: number, judged: Judged): void;
}

export function openAsking(options: AskingOptions) {
  const { entrances, host, timeoutMs, inFlightMax, counts, clock } = options;
  const agents = Array.from({ length: browsers }, () => new http.Agent({ keepAlive: true, timeout: idleMs }));
  let turns = 0;
  let inFlight = 0;
  let retried = 0;

  function nextEntrance(): Endpoint {
    const entrance = entrances[turns++ % entrances.length];
    if (!entrance) throw new TypeError("mixed clients need an entrance");
    return entrance;
  }

  async function start({ check }: Question, kept: boolean): Promise<Outcome> {
    const target = nextEntrance();
    // Whole rounds of entrances, so that each browser meets each of them.
    const agent = kept && agents[Math.floor(turns / entrances.length) % browsers];
    const outcome = await send(check, { target, host, timeoutMs, agent: agent || false });
    if (!("stale" in outcome) || check.method !== "GET") return outcome;
    // As browsers do: a connection that was closed while idle is no reason to show an error.
    retried += 1;
    return send(check, { target, host, timeoutMs, agent: false });
  }

  return {
    nextEntrance,
    retried: () => retried,
    full: () => inFlight >= inFlightMax,
    async ask(kind: Kind, question: Question): Promise<Outcome> {
      counts.sent(kind);
      const began = performance.now();
      let outcome: Outcome = { error: `${inFlightMax} in flight already` };
      if (inFlight < inFlightMax) {
        inFlight += 1;
        outcome = await start(question, kind !== "fresh");
        inFlight -= 1;
      }
      const judged = judge(question, outcome);
      const release = "answer" in outcome ? outcome.answer.headers["x-release"] : undefined;
      counts.ended(clock.now(), kind, judged, performance.now() - began, release);
      options.answered(clock.now(), judged);
      return outcome;
    },
    close(): void {
      for (const agent of agents) agent.destroy();
    },
  };
}

/** An answer that is not as expected is a failure, also when the application gave it. */
function judge({ check, wrong }: Question, outcome: Outcome): Judged {
  const { kind, why } = classify(outcome, check.expect.status);
  if (kind === "page") return { kind: "paged" };
  if ("error" in outcome) return { kind: "failed", why: `${check.method} ${check.path}: ${outcome.error}` };
  const missed = misses(check, outcome.answer) ?? wrong?.(outcome.answer) ?? null;
  if (missed !== null) return { kind: "failed", why: missed };
  return kind === "failed" ? { kind: "failed", why: why ?? "" } : { kind: "answered" };
}
