/** What mixed clients ask of examples/minor, and how much of each. */
import { createHash, randomBytes } from "node:crypto";
import type { HttpCheck } from "../../src/model/application.ts";
import type { Answer } from "../../src/model/world.ts";
import type { Kind } from "./counts.ts";

/** Of all requests; a websocket counts as one, whatever is said over it. */
export const shares: Record<Kind, number> = {
  kept: 0.52,
  fresh: 0.16,
  post: 0.16,
  write: 0.1,
  slow: 0.05,
  socket: 0.01,
};

export interface Question {
  check: HttpCheck;
  /** What else is wrong with an answer that is as the check expects; null when nothing is. */
  wrong?(answer: Answer): string | null;
}

const ok = (path: string, body: string): Question => ({
  check: { method: "GET", path, expect: { status: 200, body } },
});

const short: readonly Question[] = [ok("/version", '"release":"'), ok("/notes", '"notes":['), ok("/version", "{")];
const slow = ok("/slow?ms=2000", '"ms":2000');
/** Characters of one byte each. */
const filler = randomBytes(6_000).toString("hex");

/** The one with this number. */
export function questionOf(kind: "kept" | "fresh" | "post" | "slow", number: number): Question {
  if (kind === "post") return echo(number);
  return kind === "slow" ? slow : (short[number % short.length] ?? slow);
}

/** A body of 1 to 10 kB that no other request has. */
function echo(number: number): Question {
  const body = `${number} ${filler}`.slice(0, 1000 + ((number * 997) % 9001));
  const sum = createHash("sha256").update(body).digest("hex");
  return {
    check: { method: "POST", path: "/echo", body, expect: { status: 200 } },
    wrong({ body: given, headers }) {
      if (given !== body) return `a body of ${given.length} bytes came back for one of ${body.length}`;
      return headers["x-checksum"] === sum ? null : `the checksum of ${body.length} bytes is wrong`;
    },
  };
}

export const write: HttpCheck = {
  method: "POST",
  path: "/notes",
  headers: { "idempotency-key": "{key}" },
  body: '{"text": "of the mixed clients"}',
  expect: { status: 201, body: '"key":"{key}"' },
};

export const socketPath = "/socket";
