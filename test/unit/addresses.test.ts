/** Addresses: every server of the largest environment has one of its own, and no two environments share a network. */
import { expect, test } from "vitest";
import { environmentSchema } from "../../src/model/environment.ts";
import { Problem } from "../../src/model/problem.ts";
import { addressAt, isWide, needsWide } from "../../src/plan/addresses.ts";
import { Layout } from "../../src/plan/layout.ts";
import { planBringUp } from "../../src/plan/strategies/bring-up.ts";
import { chooseNetwork } from "../../src/run/network.ts";
import { artefacts, shop } from "../laws/shop.ts";

const sized = (servers: number, group: number) =>
  environmentSchema.parse({ ...shop, application: { name: "shop", servers, group: { name: "burst", size: group } } });
const addressesOf = (prefix: string, servers: number): string[] => {
  const layout = new Layout("shop", { prefix }, []);
  return Array.from({ length: servers }, () => layout.next("application", "app", {}).address);
};

test("a small environment has a narrow network, a large one a wide one; both hold it twice", () => {
  const limits = [sized(80, 0), sized(40, 40), sized(81, 0), sized(10_000, 10_000)];
  expect(limits.map(needsWide)).toEqual([false, false, true, true]);
  expect(new Set(addressesOf("127.31.7", 2 * 80)).size).toBe(160);
  const wide = addressesOf("127.220", 2 * 20_000);
  expect(new Set(wide).size).toBe(40_000);
  for (const address of wide) expect(address).toMatch(/^127\.220\.\d{1,3}\.\d{1,3}$/);
  expect(wide.every((address) => address.split(".").every((octet) => Number(octet) <= 255))).toBe(true);
});

test("kinds of servers do not meet, in whatever network", () => {
  for (const network of [{ prefix: "127.31.7" }, { prefix: "127.220" }]) {
    const all = (["load-balancer", "database", "application"] as const).flatMap((kind) => {
      const found: string[] = [];
      for (let place = 0; addressAt(network, kind, place) !== null; place++)
        found.push(addressAt(network, kind, place) ?? "");
      return found;
    });
    expect(new Set(all).size).toBe(all.length);
  }
});

test("what is free again is given again, the lowest first", () => {
  const layout = new Layout("shop", { prefix: "127.31.7" }, []);
  const first = layout.next("application", "app", {});
  const second = layout.next("application", "app", {});
  expect(new Layout("shop", { prefix: "127.31.7" }, [second]).next("application", "app", {})).toEqual(first);
});

test("where there is no address left, it is said", () => {
  expect(() => addressesOf("127.31.7", 172)).toThrow("all 171 of them in 127.31.7 are taken");
  expect(() => addressesOf("127.31.7", 172)).toThrow(Problem);
});

test("an environment of ten thousand servers can be planned, each with a name and an address of its own", () => {
  const plan = planBringUp({ definition: sized(10_000, 0), network: { prefix: "127.220" }, page: "<p>", artefacts });
  const launched = plan.stages[0]?.steps.map(
    ({ input }) => (input as { record: { name: string; address: string } }).record,
  );
  expect(new Set(launched?.map(({ name }) => name)).size).toBe(10_003);
  expect(new Set(launched?.map(({ address }) => address)).size).toBe(10_003);
});

test("a network is the same again for the same home and name, and nobody else's", () => {
  const taken: string[] = [];
  for (let turn = 0; turn < 60; turn++) {
    const wide = turn % 3 === 0;
    const network = chooseNetwork("/a/home", `e${turn}`, taken, wide);
    expect(isWide(network)).toBe(wide);
    expect(chooseNetwork("/a/home", `e${turn}`, taken, wide)).toBe(network);
    for (const other of taken)
      expect(`${other}.`.startsWith(`${network}.`) || `${network}.`.startsWith(`${other}.`)).toBe(false);
    taken.push(network);
  }
});

test("when every wide network is taken, it is said", () => {
  const taken: string[] = [];
  expect(() => {
    for (let turn = 0; turn < 60; turn++) taken.push(chooseNetwork("/a/home", `e${turn}`, taken, true));
  }).toThrow("no loopback network is free");
  expect(taken.length).toBeGreaterThan(20);
});
