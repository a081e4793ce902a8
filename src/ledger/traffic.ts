/** Sends the clients' requests to the load balancers in turn and notes what came back; bounded in flight. */
import http from "node:http";
import type { HttpCheck } from "../model/application.ts";
import type { Clock } from "../model/clock.ts";
import type { Endpoint } from "../model/load-balancer.ts";
import type { Book } from "./book.ts";
import { classify } from "./classify.ts";
import { type Outcome, send } from "./request.ts";

export interface TrafficOptions {
  targets: readonly Endpoint[];
  host: string;
  book: Book;
  clock: Clock;
  timeoutMs: number;
  inFlightMax: number;
  /** Every so many requests come over a connection of their own, the others over kept ones. */
  freshEvery: number;
}

export interface Traffic {
  /** A request that finds no room is counted as failed, as a client would see it. */
  ask(check: HttpCheck): Promise<Outcome>;
  full(): boolean;
  close(): void;
}

export function openTraffic(options: TrafficOptions): Traffic {
  // We give idle connections up early, so that no load balancer closes one just as a request goes out.
  const agent = new http.Agent({ keepAlive: true, timeout: 4000 });
  let inFlight = 0;
  let sent = 0;

  function start(check: HttpCheck): Promise<Outcome> {
    const target = options.targets[sent % options.targets.length];
    if (!target) return Promise.resolve({ error: "no load balancer to ask" });
    // Counted per round, so that each load balancer sees kept and fresh connections.
    const fresh = Math.floor(sent / options.targets.length) % options.freshEvery === 0;
    sent += 1;
    return send(check, { target, host: options.host, timeoutMs: options.timeoutMs, agent: fresh ? false : agent });
  }

  return {
    full: () => inFlight >= options.inFlightMax,
    async ask(check) {
      let outcome: Outcome = { error: `${options.inFlightMax} in flight already` };
      if (inFlight < options.inFlightMax) {
        inFlight += 1;
        outcome = await start(check);
        inFlight -= 1;
      }
      const { kind, why } = classify(outcome, check.expect.status);
      options.book.answered(options.clock.now(), kind, why);
      return outcome;
    },
    close: () => agent.destroy(),
  };
}
