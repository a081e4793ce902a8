/** The laws of DNS messages: what is written is read as it was, what is not is refused, and no signature fits two messages. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { sign, type TsigKey, verify } from "../../src/drivers/dns/tsig.ts";
import {
  addressOf,
  addressRecord,
  CLASS,
  decodeMessage,
  encodeMessage,
  encodeRecord,
  Malformed,
  OPCODE,
  TYPE,
} from "../../src/drivers/dns/wire.ts";

const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?$/);
const name = fc.array(label, { minLength: 1, maxLength: 5 }).map((labels) => labels.join("."));
const record = fc
  .tuple(name, fc.ipV4(), fc.nat(0xffff_ffff))
  .map(([of, address, ttl]) => addressRecord(of, address, ttl));
const id = fc.nat(0xffff);
const message = fc.record({
  id,
  opcode: fc.constantFrom(OPCODE.QUERY, OPCODE.UPDATE),
  question: fc.record({ name, type: fc.constantFrom(TYPE.A, TYPE.SOA) }),
  answers: fc.array(record, { maxLength: 4 }),
  authorities: fc.array(record, { maxLength: 4 }),
});
const key: TsigKey = { name: "mover", algorithm: "hmac-sha256", secret: Buffer.from("a secret of some length") };
const NOW = Date.UTC(2030, 0, 1);

test("what is written is read as it was", () => {
  fc.assert(
    fc.property(message, (written) => {
      const read = decodeMessage(encodeMessage(written));
      const { id: number, opcode, questions, answers, authorities, additionals } = read;
      expect({ id: number, opcode, questions, additionals }).toEqual({
        id: written.id,
        opcode: written.opcode,
        questions: [written.question],
        additionals: [],
      });
      const plain = ({ name: of, ttl, data }: { name: string; ttl: number; data: Buffer }) => ({ of, ttl, data });
      expect([...answers, ...authorities].map(plain)).toEqual([...written.answers, ...written.authorities].map(plain));
      expect(answers.map(addressOf)).toEqual(written.answers.map(addressOf));
    }),
    { numRuns: 300, seed: 1 },
  );
});

test("whatever else comes is read or refused as no message, and soon", () => {
  const damaged = fc
    .tuple(message, fc.array(fc.tuple(fc.nat(300), fc.nat(255)), { maxLength: 4 }), fc.nat(300))
    .map(([written, changes, cut]) => {
      const bytes = encodeMessage(written);
      for (const [at, value] of changes) bytes[at % bytes.length] = value;
      return bytes.subarray(0, Math.max(1, bytes.length - cut));
    });
  const any = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));
  fc.assert(
    fc.property(fc.oneof(damaged, any), (bytes) => {
      try {
        decodeMessage(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(Malformed);
      }
    }),
    { numRuns: 3_000, seed: 1 },
  );
});

test("whatever becomes of a signed message on its way, it is read or refused, and never trusted", () => {
  const request = sign(encodeMessage({ id: 7, opcode: 5, question: { name: "shop.test", type: 6 } }), key, NOW);
  const changes = fc.array(fc.tuple(fc.nat(300), fc.nat(255)), { maxLength: 3 });
  fc.assert(
    fc.property(message, changes, fc.nat(120), (written, places, cut) => {
      const { bytes } = sign(encodeMessage(written), key, NOW);
      for (const [at, value] of places) bytes[at % bytes.length] = value;
      const came = bytes.subarray(0, bytes.length - cut);
      try {
        expect(verify({ bytes: came, message: decodeMessage(came) }, key, request, NOW).kind).not.toBe("good");
      } catch (error) {
        expect(error).toBeInstanceOf(Malformed);
      }
    }),
    { numRuns: 2_000, seed: 1 },
  );
});

test("a signature whose name of an algorithm goes on behind the message is refused", () => {
  const question = { name: "shop.test", type: TYPE.SOA };
  const plain = encodeMessage({ id: 7, opcode: OPCODE.UPDATE, question });
  const request = sign(plain, key, NOW);
  const data = Buffer.from("\x03abc", "latin1");
  const record = encodeRecord({ name: "mover", type: TYPE.TSIG, class: CLASS.ANY, ttl: 0, data });
  const bytes = Buffer.concat([plain, record]);
  bytes.writeUInt16BE(1, 10);
  expect(() => verify({ bytes, message: decodeMessage(bytes) }, key, request, NOW)).toThrow(Malformed);
});

test("a name that points at itself, or for ever backwards, is refused", () => {
  const loop = encodeMessage({ id: 1, opcode: 0, question: { name: "a", type: 1 } });
  loop.writeUInt16BE(0xc00c, 12);
  expect(() => decodeMessage(loop)).toThrow(Malformed);
});

test("an answer that is not signed, or signed as a request, or by another key, is not trusted", () => {
  const plain = encodeMessage({ id: 7, opcode: OPCODE.UPDATE, question: { name: "shop.test", type: TYPE.SOA } });
  const request = sign(plain, key, NOW);
  const verdict = (bytes: Buffer) => verify({ bytes, message: decodeMessage(bytes) }, key, request, NOW);
  expect(verdict(plain)).toEqual({ kind: "untrusted", why: "it is not signed" });
  // An answer's signature is over the request's, too.
  expect(verdict(request.bytes)).toEqual({ kind: "untrusted", why: "its signature is wrong" });
  expect(verdict(sign(plain, { ...key, secret: Buffer.from("another one") }, NOW).bytes)).toEqual({
    kind: "untrusted",
    why: "its signature is wrong",
  });
  expect(verdict(sign(plain, { ...key, name: "other" }, NOW).bytes)).toEqual({
    kind: "untrusted",
    why: 'it is signed with another key, "other"',
  });
});

test("the signed message is the message, with one record more that carries the time and not the secret", () => {
  fc.assert(
    fc.property(message, (written) => {
      const { bytes } = sign(encodeMessage(written), key, NOW);
      const read = decodeMessage(bytes);
      expect(read.additionals.map(({ type, name: of }) => [type, of])).toEqual([[TYPE.TSIG, "mover"]]);
      expect(bytes.includes(key.secret)).toBe(false);
      expect(read.answers.length).toBe(written.answers.length);
    }),
    { numRuns: 100, seed: 1 },
  );
});
