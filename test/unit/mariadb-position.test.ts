/** GTID positions are compared as text, so one position must have one spelling. */
import { expect, test } from "vitest";
import { countBetween, covers, normalisePosition, parsePosition } from "../../src/drivers/mariadb/position.ts";

test("one position has one spelling, whatever the server prints", () => {
  expect(normalisePosition(" 2-5-7,\n0-1-345 ")).toBe("0-1-345,2-5-7");
  expect(normalisePosition("10-1-1,9-1-1")).toBe("9-1-1,10-1-1");
  expect(normalisePosition("")).toBe("");
});

test("sequence numbers beyond 2^53 keep their last digit", () => {
  expect(normalisePosition("0-1-18446744073709551615")).toBe("0-1-18446744073709551615");
  expect(covers("0-1-18446744073709551614", "0-1-18446744073709551615")).toBe(false);
});

test("what is no position is refused instead of being read as an empty one", () => {
  expect(() => parsePosition("binlog.000001:345")).toThrow(TypeError);
  expect(() => parsePosition("0-1")).toThrow(TypeError);
});

test("a server covers a position when it has every domain at least as far", () => {
  expect(covers("0-1-100", "0-1-100")).toBe(true);
  expect(covers("0-2-101", "0-1-100")).toBe(true);
  expect(covers("0-1-99", "0-1-100")).toBe(false);
  expect(covers("0-1-100", "0-1-100,2-9-1")).toBe(false);
  expect(covers("0-1-100,2-9-1", "0-1-100")).toBe(true);
  expect(covers("", "")).toBe(true);
});

test("the same number written by another server is another history", () => {
  expect(covers("0-2-100", "0-1-100")).toBe(false);
});

test("transactions are counted over all domains, and not where one position does not lead to the other", () => {
  expect(countBetween("0-1-100", "0-2-142")).toBe(42);
  expect(countBetween("0-1-100", "0-1-100,2-9-3")).toBe(3);
  expect(countBetween("", "0-1-7")).toBe(7);
  expect(countBetween("0-1-100", "0-1-100")).toBe(0);
  expect(countBetween("0-1-100", "0-1-99")).toBe(null);
  expect(countBetween("0-1-100", "0-2-100")).toBe(null);
});
