/** The last line of the tests counts everything, and a run that went wrong never looks green. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { countsFrom, lineOf, sum } from "../../bootstrap/test.js";
import { undeclared } from "../reporter.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "bootstrap-count-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const fileWith = (text: string) => {
  const file = join(folder, "counts.json");
  writeFileSync(file, text);
  return file;
};

test("the parts of check count as tests", () => {
  const counts = sum([
    { passed: 3, failed: 1, skipped: 0 },
    { passed: 40, failed: 0, skipped: 2 },
  ]);
  expect(lineOf(counts)).toBe("43 passed, 1 failed, 2 skipped");
});

test("a run that never reported has failed", () => {
  expect(countsFrom(join(folder, "none.json"), 0)).toEqual({ passed: 0, failed: 1, skipped: 0 });
  expect(countsFrom(fileWith('{"passed":'), 0).failed).toBe(1);
});

test("a run that ended badly has failed, even when each test passed", () => {
  const file = fileWith('{"passed":5,"failed":0,"skipped":1}');
  expect(countsFrom(file, 0)).toEqual({ passed: 5, failed: 0, skipped: 1 });
  expect(countsFrom(file, 1)).toEqual({ passed: 5, failed: 1, skipped: 1 });
});

test("only skips with a declared reason pass under CI", () => {
  const skips = ["a.test.ts > one", "a.test.ts > two", "a.test.ts > three"].map((name) => ({ name, note: "no sshd" }));
  const allowed = { "a.test.ts > one": "needs root", "a.test.ts > two": " " };
  expect(undeclared(skips, allowed).map(({ name }) => name)).toEqual(["a.test.ts > two", "a.test.ts > three"]);
});
