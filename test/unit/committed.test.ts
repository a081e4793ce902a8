/** What git says of a release's folder: committed, changed, new, ignored, or not in git at all. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readCommitted } from "../../src/run/committed.ts";

const root = mkdtempSync(path.join(os.tmpdir(), "changeover-git-"));
const folder = path.join(root, "tree", "release");
const who = ["-c", "user.name=a test", "-c", "user.email=test@localhost", "-c", "commit.gpgsign=false"];
const git = (...args: string[]) => execFileSync("git", [...who, "-C", path.join(root, "tree"), ...args]);

beforeAll(() => {
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, "web.js"), "1");
  writeFileSync(path.join(folder, ".gitignore"), "node_modules\n");
  writeFileSync(path.join(root, "tree", "elsewhere"), "1");
  git("init", "--quiet");
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

test("only what is in the folder, is not committed and is not ignored counts", async () => {
  expect(await readCommitted(folder)).toEqual({ changes: ["release/"] });
  git("add", "-A");
  git("commit", "--quiet", "-m", "all");
  expect(await readCommitted(folder)).toEqual({ changes: [] });
  mkdirSync(path.join(folder, "node_modules"));
  writeFileSync(path.join(folder, "node_modules", "built"), "1");
  writeFileSync(path.join(root, "tree", "elsewhere"), "2");
  expect(await readCommitted(folder)).toEqual({ changes: [] });
  writeFileSync(path.join(folder, "web.js"), "2");
  writeFileSync(path.join(folder, "new one.js"), "1");
  expect(await readCommitted(folder)).toEqual({ changes: ["release/web.js", '"release/new one.js"'] });
});

test("a folder in no work tree has nothing to commit, and one that git can't read is said to be so", async () => {
  expect(await readCommitted(root)).toBe(null);
  expect(await readCommitted(path.join(root, "gone"))).toEqual({ trouble: expect.stringContaining("gone") });
});
