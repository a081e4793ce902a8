/** Looks that are shared: as few as it takes for nobody to get one that began before he asked. */
import { expect, test } from "vitest";
import { sharedLook } from "../../src/providers/runner/shared-look.ts";

function looking() {
  const ends: ((failed?: Error) => void)[] = [];
  const look = sharedLook(
    () =>
      new Promise<number>((resolve, reject) => {
        const turn = ends.length + 1;
        ends.push((failed) => (failed ? reject(failed) : resolve(turn)));
      }),
  );
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return { look, ends, settle };
}

test("who asks while one is under way waits for the next, and all of them share it", async () => {
  const { look, ends, settle } = looking();
  const first = look();
  const [second, third] = [look(), look()];
  expect(ends.length).toBe(1);
  ends[0]?.();
  await settle();
  expect(ends.length).toBe(2);
  const fourth = look();
  ends[1]?.();
  await settle();
  ends[2]?.();
  expect(await Promise.all([first, second, third, fourth])).toEqual([1, 2, 2, 3]);
  await settle();
  const fifth = look();
  ends[3]?.();
  expect(await fifth).toBe(4);
});

test("one that fails is failed for those who share it, and the next is made all the same", async () => {
  const { look, ends, settle } = looking();
  const first = look();
  const second = look();
  ends[0]?.(new Error("the network is gone"));
  await expect(first).rejects.toThrow("the network is gone");
  await settle();
  ends[1]?.();
  expect(await second).toBe(2);
});
