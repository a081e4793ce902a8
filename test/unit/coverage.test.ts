/** What a trial of the old release did not look at: said in few words, the weightiest first. */
import { expect, test } from "vitest";
import type { Uncovered } from "../../src/model/schema-change.ts";
import { few, sayNotCovered } from "../../src/steps/parts/coverage.ts";
import type { Checks } from "../../src/steps/parts/shapes.ts";

const get: Checks["health"] = { method: "GET", path: "/", expect: { status: 200 } };
const checks: Checks = {
  health: get,
  read: [get],
  write: { ...get, cleanUp: [] },
  script: [{ run: "true", seconds: 1 }],
};
const all: Uncovered = { untouched: [], changed: [], onlyRead: [], onlyWritten: [] };

test("nothing left out is said, too", () => {
  expect(sayNotCovered(all, checks)).toBe("every table was touched");
});

test("tables that nobody touched, those of them that changed, and those that were used one way only", () => {
  const untouched = ["comments", "activity"];
  expect(sayNotCovered({ ...all, untouched }, checks)).toBe("no row was touched of comments, activity");
  expect(
    sayNotCovered({ ...all, untouched, changed: ["comments"], onlyWritten: ["log"], onlyRead: ["a"] }, checks),
  ).toBe(
    "no row was touched of comments, activity; of these the migration changed comments;" +
      " of what the migration changed, only written: log; of what the migration changed, only read: a",
  );
});

test("checks that there are not", () => {
  expect(sayNotCovered(all, { ...checks, read: [], write: null, script: [] })).toBe(
    "there is no read; there is no write probe; there is no check of your own",
  );
});

test("many are some and a number", () => {
  const many = Array.from({ length: 400 }, (_, at) => `table_${at}`);
  expect(few(many)).toBe("table_0, table_1, table_2, table_3, table_4, table_5 and 394 more");
  expect([few([]), few(["a"]), few(many.slice(0, 6))]).toEqual(["none", "a", many.slice(0, 6).join(", ")]);
});
