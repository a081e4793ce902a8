/** Addresses: every server of the largest environment has one of its own, and no two environments share a network. */
import { expect, test } from "vitest";
import { environmentSchema } from "../../src/model/environment.ts";
import { Problem } from "../../src/model/problem.ts";
import type { ServerRecord, Silent } from "../../src/model/provider.ts";
import { addressAt, isWide, needsWide } from "../../src/plan/addresses.ts";
import { Layout, mustHaveRoom } from "../../src/plan/layout.ts";
import { planBringUp } from "../../src/plan/strategies/bring-up.ts";
import { mustBeFree, networkOf } from "../../src/run/addressing.ts";
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

const hosts = (count: number): string[] => Array.from({ length: count }, (_, at) => `10.77.1.${at + 1}`);

test("where servers have hosts of their own they get the first that are free, whatever they are", () => {
  const layout = new Layout("shop", { hosts: hosts(5) }, []);
  const first = layout.next("load-balancer", "lb", {});
  const others = [layout.next("database", "db", {}), layout.next("application", "app", {})];
  expect([first, ...others].map(({ address }) => address)).toEqual(hosts(3));
  const later = new Layout("shop", { hosts: hosts(5) }, [first, ...others]);
  expect(
    [later.next("application", "app", {}), later.next("database", "db", {})].map(({ address }) => address),
  ).toEqual(["10.77.1.4", "10.77.1.5"]);
  expect(() => later.next("database", "db", {})).toThrow("no host left for another database · each of its 5 hosts");
});

test("an upgrade on too few hosts is refused as a whole, with the number that is missing", () => {
  const definition = environmentSchema.parse({ ...shop, loadBalancers: 1, application: { name: "shop", servers: 3 } });
  const present = hosts(6).map((address, at) => ({
    ...{ environment: "shop", name: `s-${at}`, kind: "application" as const, address, labels: {} },
  }));
  const room = (count: number) => mustHaveRoom(definition, { hosts: hosts(count) }, present);
  expect(() => room(11)).not.toThrow();
  expect(() => room(8)).toThrow(
    /11 are needed · 6 hold a server, .*: 3 application servers, a standby and a spare .*; 2 are free · add 3 to/,
  );
  expect(() => mustHaveRoom(definition, { prefix: "127.31.7" }, present)).not.toThrow();
});

test("hosts of others are never given out, and nothing is while one is silent", () => {
  const provider = {
    kind: "ssh",
    hosts: hosts(3),
    user: "root",
    identityFile: "k",
    knownHosts: "k",
    directory: "/srv",
  };
  const definition = environmentSchema.parse({ ...shop, provider });
  const saved = { definition, network: {} };
  const seen = (silent: Silent[]) => ({ environment: "shop", hosts: { silent, foreign: ["10.77.1.2"] } });
  expect(networkOf(saved, seen([]))).toEqual({ hosts: ["10.77.1.1", "10.77.1.3"] });
  expect(networkOf(saved, { environment: "shop" })).toEqual({ hosts: hosts(3) });
  expect(() => networkOf(saved, seen([{ address: "10.77.1.3", why: "no answer" }]))).toThrow(/10\.77\.1\.3: no answer/);
  expect(networkOf({ definition: shop, network: { prefix: "127.31.7" } }, seen([]))).toEqual({ prefix: "127.31.7" });
});

test("a host that answers and holds a server stays in the list; a free one, or one that is silent, may go", () => {
  const held: ServerRecord = {
    environment: "shop",
    name: "app-1",
    kind: "application",
    address: "10.77.1.1",
    labels: {},
  };
  const silent = [{ address: "10.77.1.3", why: "no answer" }];
  const leave = (...gone: string[]) => mustBeFree("shop", gone, { records: [held], silent, foreign: [] });
  expect(() => leave("10.77.1.2", "10.77.1.3")).not.toThrow();
  expect(() => leave("10.77.1.1")).toThrow(/it holds "app-1"/);
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
