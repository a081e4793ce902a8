/** A client's talk over websockets: numbered messages, each given back; told to go away with 1001, it goes on anew. */
import type { IncomingHttpHeaders } from "node:http";
import { classify } from "../../src/ledger/classify.ts";
import type { Outcome } from "../../src/ledger/request.ts";
import type { Judged } from "./counts.ts";
import { type Heard, type Opening, openWebSocket } from "./websocket.ts";

const [NORMAL, GOING_AWAY] = [1000, 1001];
const SWITCHING = 101;
const connectionsMax = 20;

export interface Talk {
  /** Where the next connection goes; the limit is for a handshake, an answer, and the answer to our close frame. */
  opening(): Opening;
  /** Begins every message, so that one of another client is known. */
  name: string;
  livesMs: number;
  everyMs: number;
  /** Aborted: it says goodbye after the answer that it waits for. */
  signal: AbortSignal;
  /** Both once for each connection; the time is that of its slowest handshake or answer. */
  began(): void;
  ended(judged: Judged, slowestMs: number, headers: IncomingHttpHeaders): void;
}

export interface Talked {
  connections: number;
  messages: number;
  /** Sent again over the next connection, because 1001 came instead of their answer. */
  carried: number;
}

export async function talk(asked: Talk): Promise<Talked> {
  const talked: Talked = { connections: 0, messages: 0, carried: 0 };
  const until = performance.now() + asked.livesMs;
  const over = () => asked.signal.aborted || performance.now() >= until;
  let goesOn = true;
  while (goesOn) goesOn = await oneConnection(asked, talked, over);
  return talked;
}

/** True when the talk goes on over another one. */
async function oneConnection(asked: Talk, talked: Talked, over: () => boolean): Promise<boolean> {
  talked.connections += 1;
  asked.began();
  const opening = asked.opening();
  const began = performance.now();
  const opened = await openWebSocket(opening);
  let slowestMs = performance.now() - began;
  if (!("next" in opened)) {
    asked.ended(judgeRefusal(opened), slowestMs, {});
    return false;
  }
  const end = (why: string | null): false => {
    if (why !== null) opened.destroy();
    asked.ended(why === null ? { kind: "answered" } : { kind: "failed", why }, slowestMs, opened.headers);
    return false;
  };
  const again = (): boolean => {
    if (talked.connections >= connectionsMax) return end(`told to go away ${connectionsMax} times`);
    end(null);
    return true;
  };
  for (;;) {
    const text = `${asked.name}-${talked.messages + 1}`;
    const sent = performance.now();
    opened.say(text);
    const answer = await opened.next(opening.timeoutMs);
    slowestMs = Math.max(slowestMs, performance.now() - sent);
    if (hasEnded(answer, GOING_AWAY)) {
      talked.carried += 1;
      return again();
    }
    if (answer === "nothing" || !("text" in answer) || answer.text !== text) return end(`${text}: ${tell(answer)}`);
    talked.messages += 1;
    const more = over() ? "nothing" : await opened.next(asked.everyMs);
    if (hasEnded(more, GOING_AWAY)) return over() ? end(null) : again();
    if (more !== "nothing") return end(hasEnded(more, NORMAL) ? null : `after ${text}: ${tell(more)}`);
    if (!over()) continue;
    opened.close(NORMAL);
    const goodbye = await opened.next(opening.timeoutMs);
    const proper = hasEnded(goodbye, NORMAL) || hasEnded(goodbye, GOING_AWAY);
    return end(proper ? null : `goodbye after ${text}: ${tell(goodbye)}`);
  }
}

const hasEnded = (heard: Heard, code: number): boolean =>
  heard !== "nothing" && "ended" in heard && heard.ended === code;

function tell(heard: Heard): string {
  if (heard === "nothing") return "no answer in time";
  if ("text" in heard) return `"${heard.text}" came instead`;
  return heard.ended === null ? "the connection ended without a close frame" : `closed with ${heard.ended}`;
}

/** An answer instead of the handshake is a failure, unless it is the page. */
function judgeRefusal(outcome: Outcome): Judged {
  const { kind, why } = classify(outcome, SWITCHING);
  if (kind === "page") return { kind: "paged" };
  return { kind: "failed", why: `handshake: ${why ?? ("answer" in outcome ? `status ${outcome.answer.status}` : "")}` };
}
