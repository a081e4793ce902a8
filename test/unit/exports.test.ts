/** Exports on disk: only for the control plane's user, whole or not there, and read back line for line. */
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { openExports } from "../../src/store/exports.ts";

const home = mkdtempSync(join(tmpdir(), "changeover-exports-"));
const exports = openExports(home);
const folder = join(home, "exports");

afterAll(() => rmSync(home, { recursive: true, force: true }));

const readBack = async (name: string) => {
  const lines: string[] = [];
  const read = await exports.readExport(name, (line) => lines.push(line));
  return read && { ...read, lines };
};

test("what is written is read back, also characters that look like line breaks, and nobody else may read it", async () => {
  const lines = ["{}", "a\u2028b\u2029c\rd", "ünïcode €", "x".repeat(200_000)];
  const path = await exports.writeExport("u-1-lost", async (add) => {
    for (const line of lines) await add(line);
  });
  expect(path).toBe(join(folder, "u-1-lost.jsonl"));
  expect(await readBack("u-1-lost")).toEqual({ lines });
  expect([statSync(path).mode & 0o777, statSync(folder).mode & 0o777]).toEqual([0o600, 0o700]);
});

test("what fails half-way leaves what was there before, and nothing beside it", async () => {
  await exports.writeExport("u-2-lost", (add) => add("first"));
  const broken = exports.writeExport("u-2-lost", async (add) => {
    await add("second");
    throw new Error("the log ended");
  });
  await expect(broken).rejects.toThrow("the log ended");
  expect(await readBack("u-2-lost")).toEqual({ lines: ["first"] });
  expect(readdirSync(folder).sort()).toEqual(["u-1-lost.jsonl", "u-2-lost.jsonl"]);
});

test("one that is not there reads as null and can be removed; a name leads nowhere else", async () => {
  expect(await readBack("u-3-lost")).toBeNull();
  await exports.removeExport("u-3-lost");
  await exports.removeExport("u-1-lost");
  expect(existsSync(join(folder, "u-1-lost.jsonl"))).toBe(false);
  await expect(exports.writeExport("../u-1", async () => {})).rejects.toThrow(TypeError);
});
