/** Tells a DNS server to change a name, in one signed message that says what must be there before (RFC 2136). */
import { randomInt } from "node:crypto";
import type { Clock } from "../../model/clock.ts";
import type { NameMove } from "../../model/dns-name.ts";
import { exchange, type Try } from "./exchange.ts";
import { type Place, RCODE, rcodeName, refusedKey, refusedUpdate } from "./refusals.ts";
import { sign, type Signed, type TsigKey, verify, type Verdict } from "./tsig.ts";
import {
  addressRecord,
  CLASS,
  decodeMessage,
  encodeMessage,
  Malformed,
  OPCODE,
  type ResourceRecord,
  TYPE,
} from "./wire.ts";

export interface Update {
  prerequisites: ResourceRecord[];
  changes: ResourceRecord[];
}

const empty = Buffer.alloc(0);
const bare = (name: string, type: number, kind: number): ResourceRecord => ({
  name,
  type,
  class: kind,
  ttl: 0,
  data: empty,
});

/** Every address must be there that should, and no other; and nothing else that would lead people elsewhere. */
export const moving = (name: string, { from, to, ttlSeconds }: NameMove): Update => ({
  prerequisites: [
    ...(from.length === 0 ? [bare(name, TYPE.A, CLASS.NONE)] : from.map((address) => addressRecord(name, address, 0))),
    bare(name, TYPE.AAAA, CLASS.NONE),
    bare(name, TYPE.CNAME, CLASS.NONE),
  ],
  changes: [bare(name, TYPE.A, CLASS.ANY), ...to.map((address) => addressRecord(name, address, ttlSeconds))],
});

/** No server has it, so that no name leads there. */
const NOBODY = "255.255.255.255";

/** Takes away what is not there: whoever may not change these names may not do that either. */
export const proving = (names: readonly string[]): Update => ({
  prerequisites: [],
  changes: names.map((name) => addressRecord(name, NOBODY, 0, CLASS.NONE)),
});

export type Told =
  | { kind: "done" }
  /** What must be there before is not. */
  | { kind: "differs" }
  /** It may have happened. */
  | { kind: "silence"; why: string };

export interface Speaker {
  place: Place;
  key: TsigKey;
  clock: Clock;
}

/** Longer ones may be dropped on their way. */
const MOST_UDP_BYTES = 512;
const DIFFERS: readonly number[] = [RCODE.NXDOMAIN, RCODE.YXDOMAIN, RCODE.YXRRSET, RCODE.NXRRSET];

/** Throws a Problem when the server refused, which it does before it changes anything. */
export async function tell(speaker: Speaker, { prerequisites, changes }: Update, how: Try): Promise<Told> {
  const { place, key, clock } = speaker;
  const id = randomInt(0x10000);
  const question = { name: place.zone, type: TYPE.SOA };
  const message = encodeMessage({ id, opcode: OPCODE.UPDATE, question, answers: prerequisites, authorities: changes });
  const request = sign(message, key, clock.now());
  const over = request.bytes.length > MOST_UDP_BYTES ? "tcp" : how.over;
  let untrusted = "";
  const heard = await exchange(place.server, request.bytes, { ...how, over }, (bytes) => {
    const read = answerTo(bytes, id, request, speaker);
    if (read?.verdict.kind !== "untrusted") return read;
    untrusted = `; ${rcodeName(read.rcode)} came, and it can't be trusted: ${read.verdict.why}`;
    return null;
  });
  if ("silence" in heard) return { kind: "silence", why: `${heard.silence}${untrusted}` };
  const { verdict, rcode } = heard.answer;
  if (verdict.kind === "rejected")
    throw refusedKey(place, verdict.error, { theirs: verdict.serverSeconds, ours: clock.now() / 1000 });
  if (rcode === RCODE.NOERROR) return { kind: "done" };
  if (DIFFERS.includes(rcode)) return { kind: "differs" };
  throw refusedUpdate(place, rcode);
}

function answerTo(
  bytes: Buffer,
  id: number,
  request: Signed,
  { key, clock }: Speaker,
): { verdict: Verdict; rcode: number } | null {
  try {
    const message = decodeMessage(bytes);
    if (!message.response || message.id !== id || message.opcode !== OPCODE.UPDATE) return null;
    return { verdict: verify({ bytes, message }, key, request, clock.now()), rcode: message.rcode };
  } catch (error) {
    if (error instanceof Malformed) return null;
    throw error;
  }
}
