/** The laws of a hosts file: a name leads where it was told to, and every other line stays what it was, byte for byte. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { recordIn, textWith } from "../../src/drivers/dns/hosts-text.ts";

const NAME = "www.shop.test";
const blank = fc.constantFrom(" ", "\t", "  \t");
const otherName = fc.constantFrom("localhost", "shop.test", "www.shop.test.org", "awww.shop.test", "WWW");
const spelled = fc.constantFrom(NAME, "WWW.Shop.test");
const address = fc.constantFrom(
  "127.0.0.1",
  "10.0.0.1",
  "10.0.0.2",
  "10.0.0.3",
  "255.255.255.255",
  "::1",
  "fe80::1%lo0",
);
const comment = fc.constantFrom("", " # www.shop.test is ours", "#x\xff\x00");
const end = fc.constantFrom("\n", "\r\n");

const lineOf = (names: fc.Arbitrary<string>) =>
  fc
    .tuple(fc.constantFrom("", " "), address, fc.array(fc.tuple(blank, names), { minLength: 1, maxLength: 3 }), comment)
    .map(([indent, first, rest, after]) => `${indent}${first}${rest.flat().join("")}${after}`);
const foreign = fc.oneof(lineOf(otherName), comment, fc.constantFrom("", "  ", `# 10.0.0.1 ${NAME}`, "10.0.0.1"));
const own = fc
  .tuple(
    fc.constantFrom("10.0.0.1", "10.0.0.2"),
    fc.array(fc.oneof(otherName, spelled), { maxLength: 2 }),
    spelled,
    comment,
  )
  .map(([at, before, it, after]) => `${at} ${[...before, it].join("\t")}${after}`);
const line = fc.oneof({ weight: 3, arbitrary: foreign }, { weight: 1, arbitrary: own });

/** Lines, each with its end; the last one may have none. */
const file = fc
  .tuple(fc.array(fc.tuple(line, end), { maxLength: 8 }), fc.boolean())
  .map(([lines, ended]) => lines.map(([text, by], at) => (ended || at < lines.length - 1 ? text + by : text)).join(""));
const addresses = fc.uniqueArray(fc.constantFrom("10.0.0.1", "10.0.0.2", "10.0.0.9"), { maxLength: 3 });

const bodies = (text: string): string[] => text.split("\n").map((one) => one.replace(/\r$/, ""));
const holds = (text: string): boolean =>
  recordIn(text, NAME).addresses.length + recordIn(text, NAME).strange.length > 0;
const foreignLines = (text: string): string[] => bodies(text).filter((one) => one !== "" && !holds(one));

test("a name leads exactly where it was told to, and what is told again changes nothing", () => {
  fc.assert(
    fc.property(file, addresses, (text, to) => {
      const after = textWith(text, NAME, to);
      expect(recordIn(after, NAME)).toMatchObject({ addresses: [...to].sort(), strange: [] });
      expect(textWith(after, NAME, to)).toBe(after);
    }),
    { numRuns: 1_500, seed: 1 },
  );
});

test("every other line is there as before, in its order, and so is every other name of a line that had it", () => {
  fc.assert(
    fc.property(file, addresses, (text, to) => {
      const after = textWith(text, NAME, to);
      const ours = new Set(to.map((one) => `${one} ${NAME}`));
      const shared = bodies(text)
        .filter((one) => holds(one))
        .map(withoutName)
        .filter((one) => one !== null);
      const rest = bodies(after).filter((one) => one !== "" && !ours.has(one));
      expect(rest.filter((one) => !shared.includes(one))).toEqual(
        foreignLines(text).filter((one) => !shared.includes(one)),
      );
      for (const one of shared) expect(rest).toContain(one);
    }),
    { numRuns: 1_500, seed: 2 },
  );
});

/** What is left of a line with several names; null when nothing is. */
function withoutName(text: string): string | null {
  const [data = "", ...more] = text.split(/(?=#)/);
  const words = data.split(/([ \t]+)/);
  const kept = words.filter((word, at) => {
    const it = /^[ \t]+$/.test(word) ? words[at + 1] : word;
    return it?.toLowerCase() !== NAME;
  });
  const names = kept
    .join("")
    .trim()
    .split(/[ \t]+/)
    .slice(1);
  return names.length === 0 ? null : kept.join("") + more.join("");
}
