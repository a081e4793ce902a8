/** Asks the authority itself where a name leads, so that no cache has a say. */
import { randomInt } from "node:crypto";
import type { NameRecord } from "../../model/dns-name.ts";
import { sorted } from "../../model/dns-name.ts";
import { Problem } from "../../model/problem.ts";
import { exchange, triesOf } from "./exchange.ts";
import { noAnswer, notTheAuthority, type Place, RCODE, refusedQuery } from "./refusals.ts";
import { addressOf, CLASS, decodeMessage, encodeMessage, Malformed, type Message, OPCODE, TYPE } from "./wire.ts";

/** A name that has more than A records would still lead people the old way after those were moved: refused. */
export async function readName(place: Place, name: string): Promise<NameRecord> {
  const answer = await ask(place, name, TYPE.A);
  if (answer.answers.some((record) => record.name === name && record.type === TYPE.CNAME))
    throw notOurs(place, name, "it is an alias of another name (CNAME)");
  const six = await ask(place, name, TYPE.AAAA);
  if (six.answers.some((record) => record.name === name && record.type === TYPE.AAAA))
    throw notOurs(place, name, "it has IPv6 addresses as well (AAAA), which would go on leading to the old place");
  const records = answer.answers.filter(
    (record) => record.name === name && record.type === TYPE.A && record.class === CLASS.IN,
  );
  if (records.length === 0) return { name, addresses: [], ttlSeconds: negativeTtl(answer) };
  return { name, addresses: sorted(records.map(addressOf)), ttlSeconds: Math.max(...records.map(({ ttl }) => ttl)) };
}

/** Throws when another server is the zone's. */
export async function mustServe(place: Place): Promise<void> {
  await ask(place, place.zone, TYPE.SOA);
}

async function ask(place: Place, name: string, type: number): Promise<Message> {
  let silence = "";
  let truncated = false;
  for (const { over, withinMs } of triesOf(place.patienceMs)) {
    if (truncated && over === "udp") continue;
    const id = randomInt(0x10000);
    const message = encodeMessage({ id, opcode: OPCODE.QUERY, question: { name, type } });
    const asked = await exchange(place.server, message, { over, withinMs }, (bytes) => answerTo(bytes, id, name, type));
    if ("silence" in asked) silence = asked.silence;
    else if (asked.answer.truncated) truncated = true;
    else return judged(place, name, asked.answer);
  }
  throw noAnswer(place, silence);
}

function answerTo(bytes: Buffer, id: number, name: string, type: number): Message | null {
  try {
    const message = decodeMessage(bytes);
    const [question] = message.questions;
    const fits = message.response && message.id === id && message.opcode === OPCODE.QUERY;
    // Who refuses to answer may leave the question out.
    const same = question ? question.name === name && question.type === type : message.rcode !== RCODE.NOERROR;
    return fits && same ? message : null;
  } catch (error) {
    if (error instanceof Malformed) return null;
    throw error;
  }
}

function judged(place: Place, name: string, message: Message): Message {
  const { rcode, authoritative } = message;
  if (rcode !== RCODE.NOERROR && rcode !== RCODE.NXDOMAIN) throw refusedQuery(place, name, rcode);
  if (authoritative) return message;
  throw notTheAuthority(
    place,
    name,
    "it answers from a cache, or says that other servers know: it is not the zone's own",
  );
}

/** RFC 2308: what the zone's SOA record says. */
function negativeTtl({ authorities }: Message): number {
  const soa = authorities.find(({ type, data }) => type === TYPE.SOA && data.length >= 22);
  return soa ? Math.min(soa.ttl, soa.data.readUInt32BE(soa.data.length - 4)) : 0;
}

const notOurs = ({ environment }: Place, name: string, why: string): Problem =>
  new Problem("refused", {
    what: `${name} can't be looked after`,
    why: `${why}; only A records are`,
    next: `let it have A records only, or take it out of the environment file; then: changeover name check ${environment}`,
  });
