/** The examples' shell scripts and lock files, as far as they can be judged without starting anything. */
import { execFileSync } from "node:child_process";
import { statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { filesIn, root } from "../tidy/sources.ts";

test.each(filesIn("examples", ".sh").map(({ path, text }) => [path, text] as const))(
  "%s can be read by sh",
  (path, text) => {
    const file = join(root, path);
    expect(() => execFileSync("sh", ["-n", file], { stdio: "pipe" })).not.toThrow();
    // Without that first line it is read by another script.
    if (text.startsWith("#!/bin/sh")) expect(statSync(file).mode & 0o111).not.toBe(0);
  },
);

test("no lock file names an address to download from", () => {
  const locks = filesIn("examples", ".json").filter(({ path }) => path.endsWith("package-lock.json"));
  expect(locks.length).toBeGreaterThanOrEqual(2);
  expect(locks.filter(({ text }) => /"resolved"|https?:[^"]*\.tgz/.test(text)).map(({ path }) => path)).toEqual([]);
});
