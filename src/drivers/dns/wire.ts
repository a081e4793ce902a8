/** Messages of the DNS as bytes: what of RFC 1035 queries and RFC 2136 updates need, and nothing else. */

export const TYPE = { A: 1, CNAME: 5, SOA: 6, AAAA: 28, TSIG: 250, ANY: 255 } as const;
export const CLASS = { IN: 1, NONE: 254, ANY: 255 } as const;
export const OPCODE = { QUERY: 0, UPDATE: 5 } as const;

export interface ResourceRecord {
  name: string;
  type: number;
  class: number;
  ttl: number;
  data: Buffer;
}

export interface Question {
  name: string;
  type: number;
}

/** An update calls them zone, prerequisites, updates and additional data. */
export interface Outgoing {
  id: number;
  opcode: number;
  question: Question;
  answers?: readonly ResourceRecord[];
  authorities?: readonly ResourceRecord[];
}

export interface ReadRecord extends ResourceRecord {
  /** Where it begins in the message, and where its data does. */
  at: number;
  dataAt: number;
}

export interface Message {
  id: number;
  opcode: number;
  rcode: number;
  response: boolean;
  authoritative: boolean;
  truncated: boolean;
  questions: Question[];
  answers: ReadRecord[];
  authorities: ReadRecord[];
  additionals: ReadRecord[];
}

const HEADER = 12;
const FLAG = { response: 0x8000, authoritative: 0x0400, truncated: 0x0200 };

/** Never compressed: who signs a name needs it as it is. */
export function encodeName(name: string): Buffer {
  const labels = name === "" ? [] : name.toLowerCase().split(".");
  return Buffer.concat([
    ...labels.map((label) => Buffer.from(`${String.fromCharCode(label.length)}${label}`, "latin1")),
    Buffer.alloc(1),
  ]);
}

export const uint16 = (...values: number[]): Buffer => {
  const bytes = Buffer.alloc(2 * values.length);
  for (const [at, value] of values.entries()) bytes.writeUInt16BE(value, 2 * at);
  return bytes;
};

export const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

export const encodeRecord = ({ name, type, class: kind, ttl, data }: ResourceRecord): Buffer =>
  Buffer.concat([encodeName(name), uint16(type, kind), uint32(ttl), uint16(data.length), data]);

export function encodeMessage({ id, opcode, question, answers = [], authorities = [] }: Outgoing): Buffer {
  return Buffer.concat([
    uint16(id, opcode << 11, 1, answers.length, authorities.length, 0),
    encodeName(question.name),
    uint16(question.type, CLASS.IN),
    ...answers.map(encodeRecord),
    ...authorities.map(encodeRecord),
  ]);
}

/** What is cut off or points astray is no message. */
export class Malformed extends Error {}

/** Throws `Malformed` where reading goes beyond the end. */
export function parsing<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof RangeError) throw new Malformed("it ends in the middle");
    throw error;
  }
}

/** Throws `Malformed`. */
export const decodeMessage = (bytes: Buffer): Message => parsing(() => decode(bytes));

function decode(bytes: Buffer): Message {
  const flags = bytes.readUInt16BE(2);
  let at = HEADER;
  const questions: Question[] = [];
  for (let left = bytes.readUInt16BE(4); left > 0; left--) {
    const { name, next } = readName(bytes, at);
    questions.push({ name, type: bytes.readUInt16BE(next) });
    at = next + 4;
  }
  const section = (count: number): ReadRecord[] => {
    const records: ReadRecord[] = [];
    for (let left = count; left > 0; left--) {
      const { record, next } = readRecord(bytes, at);
      records.push(record);
      at = next;
    }
    return records;
  };
  return {
    id: bytes.readUInt16BE(0),
    opcode: (flags >> 11) & 15,
    rcode: flags & 15,
    response: (flags & FLAG.response) !== 0,
    authoritative: (flags & FLAG.authoritative) !== 0,
    truncated: (flags & FLAG.truncated) !== 0,
    questions,
    answers: section(bytes.readUInt16BE(6)),
    authorities: section(bytes.readUInt16BE(8)),
    additionals: section(bytes.readUInt16BE(10)),
  };
}

function readRecord(bytes: Buffer, at: number): { record: ReadRecord; next: number } {
  const { name, next: fixed } = readName(bytes, at);
  const dataAt = fixed + 10;
  const next = dataAt + bytes.readUInt16BE(fixed + 8);
  if (next > bytes.length) throw new Malformed("a record ends behind the message");
  const record = {
    name,
    type: bytes.readUInt16BE(fixed),
    class: bytes.readUInt16BE(fixed + 2),
    ttl: bytes.readUInt32BE(fixed + 4),
    data: bytes.subarray(dataAt, next),
    at,
    dataAt,
  };
  return { record, next };
}

/** To be called within `parsing`. A part of a name may be told by where in the message it was told before. */
export function readName(bytes: Buffer, start: number): { name: string; next: number } {
  const labels: string[] = [];
  let [at, next, before] = [start, -1, start];
  for (let length = 0; length < 256; ) {
    const size = bytes.readUInt8(at);
    if (size === 0) return { name: labels.join("."), next: next < 0 ? at + 1 : next };
    if (size >= 0xc0) {
      const target = bytes.readUInt16BE(at) & 0x3fff;
      if (next < 0) next = at + 2;
      if (target >= before) throw new Malformed("a name points forwards");
      at = target;
      before = target;
      continue;
    }
    if (size > 63 || at + 1 + size > bytes.length) throw new Malformed("a name is cut off");
    // A dot inside of a label would be taken for one between two.
    labels.push(
      bytes
        .toString("latin1", at + 1, at + 1 + size)
        .toLowerCase()
        .replaceAll(".", "\\."),
    );
    length += size + 1;
    at += size + 1;
  }
  throw new Malformed("a name is too long");
}

export const addressOf = ({ data }: ResourceRecord): string => {
  if (data.length !== 4) throw new Malformed("an address has not four bytes");
  return [...data].join(".");
};

export const addressRecord = (name: string, address: string, ttl: number, kind: number = CLASS.IN): ResourceRecord => ({
  name,
  type: TYPE.A,
  class: kind,
  ttl,
  data: Buffer.from(address.split(".").map(Number)),
});
