/** What the list of floating addresses says: who holds each, who answers, and what to do where that is not one. */
import { expect, test } from "vitest";
import { type AddressView, drawAddresses } from "../../src/view/addresses.ts";

const seen: AddressView = {
  name: "www",
  address: "10.77.0.100",
  wanted: "lb-1",
  holders: ["lb-2"],
  unknown: [],
  answeredBy: "lb-2",
  askedFrom: "db-2",
  onNetwork: true,
};
const draw = (...addresses: Partial<AddressView>[]): string[] =>
  drawAddresses({ environment: "live", addresses: addresses.map((change) => ({ ...seen, ...change })) });

test("one that is held and answered needs no word more", () => {
  expect(draw({})).toEqual([
    "live: 1 floating address",
    "  www          10.77.0.100     on lb-2; asked from db-2: lb-2 answers",
  ]);
  expect(draw()).toEqual(["live: its file names no floating address"]);
});

test("held by nobody, by two, by one who can't be asked, or answered by another: each is said with what comes next", () => {
  const text = draw(
    { holders: [], answeredBy: "nobody: timeout" },
    { holders: ["lb-1", "lb-2"] },
    { unknown: ["10.77.1.1"] },
    { answeredBy: "somebody else" },
    { onNetwork: false, answeredBy: null, askedFrom: null },
  ).join("\n");
  expect(text).toContain("held by NOBODY; asked from db-2: NOT by its holder but by nobody: timeout");
  expect(text).toContain("to let one hold it: changeover address move www lb-1");
  expect(text).toContain("on lb-1 AND lb-2; asked");
  expect(text).toContain("a move was cut short; to end it: changeover address move www lb-2");
  expect(text).toContain("on lb-2; can't be asked: 10.77.1.1; asked");
  expect(text).toContain("NOT by its holder but by somebody else");
  expect(text).toContain("this proves nothing: all servers share one machine");
});
