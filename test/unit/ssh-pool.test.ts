/** Kept connections: shared by those who use one at the same time, closed when nobody comes back. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Transport } from "../../src/providers/runner/transport.ts";
import { createSshPool } from "../../src/providers/ssh/pool.ts";

const settings = { host: "a", port: 22, user: "u", identityFile: "i", knownHosts: "k", directory: "/srv" };
const opened: string[] = [];
const closed: string[] = [];

const open = ({ host }: { host: string }): Transport => {
  opened.push(host);
  const nothing = Buffer.alloc(0);
  return {
    exec: async () => ({ code: 0, stdout: nothing, stderr: nothing }),
    brought: new Map(),
    dial: async () => Promise.reject(new Error("not here")),
    close: async () => void closed.push(host),
  };
};

beforeEach(() => {
  vi.useFakeTimers();
  for (const list of [opened, closed]) list.length = 0;
});
afterEach(() => vi.useRealTimers());

test("whoever comes while it is used, or soon after, shares it; each host and account has its own", async () => {
  const pool = createSshPool(1_000, open);
  const [one, other] = [pool.transport(settings), pool.transport({ ...settings, directory: "/elsewhere" })];
  pool.transport({ ...settings, host: "b" });
  pool.transport({ ...settings, user: "v" });
  expect(opened).toEqual(["a", "b", "a"]);
  await one.close();
  await one.close();
  await vi.advanceTimersByTimeAsync(5_000);
  expect([closed, (await other.exec("true", Buffer.alloc(0), { timeoutMs: 1 })).code]).toEqual([[], 0]);
  await other.close();
  await vi.advanceTimersByTimeAsync(900);
  const again = pool.transport(settings);
  await vi.advanceTimersByTimeAsync(5_000);
  expect([opened.length, closed]).toEqual([3, []]);
  await again.close();
  await vi.advanceTimersByTimeAsync(1_100);
  expect(closed).toEqual(["a"]);
  pool.transport(settings);
  expect(opened.length).toBe(4);
});

test("closed as a whole, it closes all of them, also those in use", async () => {
  const pool = createSshPool(1_000, open);
  pool.transport(settings);
  await pool.transport({ ...settings, host: "b" }).close();
  await pool.close();
  await vi.advanceTimersByTimeAsync(5_000);
  expect(closed.sort()).toEqual(["a", "b"]);
});
