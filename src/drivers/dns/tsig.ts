/** Signs messages to a DNS server and checks the signatures of its answers (TSIG, RFC 8945). */
import { createHmac, timingSafeEqual } from "node:crypto";
import {
  CLASS,
  encodeName,
  encodeRecord,
  Malformed,
  type Message,
  parsing,
  type ReadRecord,
  readName,
  TYPE,
  uint16,
  uint32,
} from "./wire.ts";

export interface TsigKey {
  name: string;
  /** As it is called on the wire. */
  algorithm: "hmac-sha256" | "hmac-sha512";
  secret: Buffer;
}

export interface Signed {
  bytes: Buffer;
  /** The answer's signature is over this one, too: no answer to another request will do. */
  mac: Buffer;
}

/** How far a server's clock and ours may be apart; and so long a message that got lost can still arrive and count. */
export const FUDGE_SECONDS = 300;

export const TSIG_ERROR = { BADSIG: 16, BADKEY: 17, BADTIME: 18 } as const;

export type Verdict =
  | { kind: "good" }
  /** The server said what it does not like about our signature; of these only BADTIME can be signed itself. */
  | { kind: "rejected"; error: number; serverSeconds: number | null }
  /** Nobody knows who wrote it. */
  | { kind: "untrusted"; why: string };

const NONE = Buffer.alloc(0);
const ADDITIONAL_COUNT = 10;

export function sign(message: Buffer, key: TsigKey, nowMs: number): Signed {
  const time = seconds48(Math.floor(nowMs / 1000));
  const mac = digest(key, [message, variables(key, { time, fudge: FUDGE_SECONDS, error: 0, other: NONE })]);
  const data = Buffer.concat([
    encodeName(key.algorithm),
    time,
    uint16(FUDGE_SECONDS, mac.length),
    mac,
    uint16(message.readUInt16BE(0), 0, 0),
  ]);
  const record = encodeRecord({ name: key.name, type: TYPE.TSIG, class: CLASS.ANY, ttl: 0, data });
  return { bytes: Buffer.concat([recounted(message, 1), record]), mac };
}

/** Of the answer to a signed request. Throws `Malformed`. */
export function verify(
  answer: { bytes: Buffer; message: Message },
  key: TsigKey,
  request: Signed,
  nowMs: number,
): Verdict {
  const { bytes, message } = answer;
  const record = message.additionals.at(-1);
  if (record?.type !== TYPE.TSIG) return { kind: "untrusted", why: "it is not signed" };
  const said = parsing(() => readTsig(bytes, record));
  if (record.name !== key.name || said.algorithm !== key.algorithm)
    return { kind: "untrusted", why: `it is signed with another key, "${record.name}"` };
  const rejected: Verdict = { kind: "rejected", error: said.error, serverSeconds: secondsIn(said.other) };
  // A server that does not know the key, or found another signature, can't sign its answer for us.
  if (said.mac.length === 0 && (said.error === TSIG_ERROR.BADKEY || said.error === TSIG_ERROR.BADSIG)) return rejected;
  const unsigned = recounted(bytes.subarray(0, record.at), -1);
  unsigned.writeUInt16BE(said.originalId, 0);
  const wanted = digest(key, [uint16(request.mac.length), request.mac, unsigned, variables(key, said)]);
  if (wanted.length !== said.mac.length || !timingSafeEqual(wanted, said.mac))
    return { kind: "untrusted", why: "its signature is wrong" };
  if (said.error !== 0) return rejected;
  const apart = Math.abs(Math.floor(nowMs / 1000) - (secondsIn(said.time) ?? 0));
  return apart <= said.fudge
    ? { kind: "good" }
    : { kind: "untrusted", why: `it was signed ${apart} s before or after now` };
}

interface Variables {
  time: Buffer;
  fudge: number;
  error: number;
  other: Buffer;
}

const variables = ({ name, algorithm }: TsigKey, { time, fudge, error, other }: Variables): Buffer =>
  Buffer.concat([
    encodeName(name),
    uint16(CLASS.ANY),
    uint32(0),
    encodeName(algorithm),
    time,
    uint16(fudge, error, other.length),
    other,
  ]);

const digest = ({ algorithm, secret }: TsigKey, parts: Buffer[]): Buffer =>
  createHmac(algorithm.slice("hmac-".length), secret).update(Buffer.concat(parts)).digest();

function readTsig(bytes: Buffer, { dataAt, data }: ReadRecord) {
  const { name: algorithm, next } = readName(bytes, dataAt);
  const end = dataAt + data.length;
  let at = next;
  const take = (length: number): Buffer => {
    if (at + length > end) throw new Malformed("a signature is cut off");
    at += length;
    return bytes.subarray(at - length, at);
  };
  const number = (): number => take(2).readUInt16BE();
  const [time, fudge] = [take(6), number()];
  const mac = take(number());
  const [originalId, error] = [number(), number()];
  return { algorithm, time, fudge, mac, originalId, error, other: take(number()) };
}

function seconds48(seconds: number): Buffer {
  const bytes = Buffer.alloc(6);
  bytes.writeUIntBE(seconds, 0, 6);
  return bytes;
}

const secondsIn = (bytes: Buffer): number | null => (bytes.length === 6 ? bytes.readUIntBE(0, 6) : null);

/** The same with so many more additional records in its header. */
function recounted(message: Buffer, more: number): Buffer {
  const copy = Buffer.from(message);
  copy.writeUInt16BE(copy.readUInt16BE(ADDITIONAL_COUNT) + more, ADDITIONAL_COUNT);
  return copy;
}
