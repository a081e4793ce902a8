/** Sends a message by HTTP POST: signed, with a limit on each try, and tried again only where that can help. */
import { DELIVERY, type Message, SIGNATURE, signatureOf } from "../../model/alerts/message.ts";
import type { Clock } from "../../model/clock.ts";
import { Problem } from "../../model/problem.ts";

export interface Receiver {
  url: string;
  /** Null: not signed. */
  secret: string | null;
}

export interface Patience {
  timeoutMs: number;
  /** Before the second try, the third … */
  pausesMs: readonly number[];
}

const PATIENCE: Patience = { timeoutMs: 5_000, pausesMs: [1_000, 5_000] };

/** Throws a Problem that names the receiver's host only: the rest of its address may be a secret. */
export async function sendMessage(
  clock: Clock,
  message: Message,
  { url, secret }: Receiver,
  { timeoutMs, pausesMs }: Patience = PATIENCE,
): Promise<void> {
  const body = JSON.stringify(message);
  let failure = "it was not tried";
  for (const pauseMs of [0, ...pausesMs]) {
    if (pauseMs > 0) await clock.sleep(pauseMs);
    const headers = headersOf(message);
    if (secret !== null) headers[SIGNATURE] = signatureOf(body, secret, clock.now());
    const ended = await tryOnce(url, body, headers, timeoutMs);
    if (ended.why === null) return;
    failure = ended.why;
    if (!ended.again) break;
  }
  throw new Problem("unreachable", {
    what: `message ${message.id} was not taken by ${URL.parse(url)?.host ?? "its receiver"}`,
    why: failure,
    next: `mend the receiver, then: changeover alert test ${message.environment} ${message.alert} --only notify`,
  });
}

const headersOf = ({ id }: Message): Record<string, string> => ({
  "content-type": "application/json",
  "user-agent": "changeover",
  [DELIVERY]: id,
});

/** Elsewhere nobody agreed to take it. */
const REDIRECT = "manual";
const WORTH_ANOTHER_TRY = [408, 425, 429];

async function tryOnce(
  url: string,
  body: string,
  headers: Record<string, string>,
  timeoutMs: number,
): Promise<{ why: string | null; again: boolean }> {
  try {
    const signal = AbortSignal.timeout(timeoutMs);
    const answer = await fetch(url, { method: "POST", body, headers, redirect: REDIRECT, signal });
    await answer.body?.cancel();
    if (answer.ok) return { why: null, again: false };
    const again = answer.status >= 500 || WORTH_ANOTHER_TRY.includes(answer.status);
    return { why: `it answered ${answer.status}`, again };
  } catch (error) {
    return { why: reasonOf(error, timeoutMs), again: true };
  }
}

/** Only the code: what `fetch` says may hold the address. */
function reasonOf(error: unknown, timeoutMs: number): string {
  if (error instanceof DOMException && error.name === "TimeoutError") return `no answer within ${timeoutMs} ms`;
  const cause = error instanceof Error ? (error.cause as { code?: string } | undefined) : undefined;
  return `it can't be reached${cause?.code ? `: ${cause.code}` : ""}`;
}
