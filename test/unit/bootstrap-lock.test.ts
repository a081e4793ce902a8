/** Starts that come at the same moment install one after the other, also after one of them died. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { isStale, withLock } from "../../bootstrap/lock.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "bootstrap-lock-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const options = (limitMs = 20_000) => ({
  folder,
  name: "lock",
  limitMs,
  onWait: () => {},
  onLimit: () => new Error("held for too long"),
});

function leave(owner: { token: string; pid: number; host: string }, ageSeconds = 0) {
  const file = join(folder, "lock", "owner.json");
  mkdirSync(join(folder, "lock"));
  writeFileSync(file, JSON.stringify(owner));
  const then = Date.now() / 1000 - ageSeconds;
  utimesSync(file, then, then);
}

const here = { host: "h", alive: (pid: number) => pid === 1 };

test.each([
  ["its owner lives", { pid: 1, host: "h" }, 0, false],
  ["its owner died", { pid: 2, host: "h" }, 0, true],
  ["its owner is on another host and renews it", { pid: 2, host: "other" }, 5_000, false],
  ["nobody has renewed it for long", { pid: 1, host: "other" }, 31_000, true],
])("a lock when %s", (_when, owner, ageMs, stale) => {
  expect(isStale({ owner: { ...owner, token: "t" }, ageMs }, here)).toBe(stale);
});

test("many starts at once never work at the same time, and leave nothing behind", async () => {
  let inside = 0;
  let most = 0;
  const work = async () => {
    inside += 1;
    most = Math.max(most, inside);
    await new Promise((resolve) => setTimeout(resolve, 5));
    inside -= 1;
  };
  await Promise.all(Array.from({ length: 8 }, () => withLock(options(), work)));
  expect(most).toBe(1);
  expect(readdirSync(folder)).toEqual([]);
});

test("many starts take over a dead owner's lock one at a time", async () => {
  leave({ token: "dead", pid: 2 ** 30, host: hostname() });
  let inside = 0;
  const seen: number[] = [];
  const work = async () => {
    seen.push(++inside);
    await new Promise((resolve) => setTimeout(resolve, 5));
    inside -= 1;
  };
  await Promise.all(Array.from({ length: 8 }, () => withLock(options(), work)));
  expect(seen).toEqual([1, 1, 1, 1, 1, 1, 1, 1]);
});

test("a live owner is waited for, but not for ever", async () => {
  leave({ token: "living", pid: process.pid, host: hostname() });
  await expect(withLock(options(300), async () => "never")).rejects.toThrow("held for too long");
  expect(readdirSync(folder)).toEqual(["lock"]);
});

test("failed work gives the lock back", async () => {
  await expect(withLock(options(), () => Promise.reject(new Error("no network")))).rejects.toThrow("no network");
  await expect(withLock(options(), async () => "next")).resolves.toBe("next");
});
