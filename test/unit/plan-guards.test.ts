/** Each guard of a plan: it holds in a healthy environment, and names what it finds in one that is not. */
import { beforeAll, describe, expect, test } from "vitest";
import type { EnvironmentDefinition } from "../../src/model/environment.ts";
import type { Inventory } from "../../src/model/inventory.ts";
import { readInventory } from "../../src/observe/inventory.ts";
import { readBlue } from "../../src/plan/blue.ts";
import { type GuardInput, guards, mustPass } from "../../src/plan/guards.ts";
import { bringUp } from "../laws/run.ts";
import { shop } from "../laws/shop.ts";

let healthy: Inventory;
beforeAll(async () => {
  healthy = await readInventory((await bringUp()).world);
});

interface Change {
  to?: string;
  definition?: EnvironmentDefinition;
  change?: (seen: Inventory) => void;
}

function inputOf({ to = "2", definition = shop, change }: Change): GuardInput {
  const seen = structuredClone(healthy);
  change?.(seen);
  return { definition, blue: readBlue(seen), to };
}

const first = <T>(items: T[]): T => {
  const [item] = items;
  if (!item) throw new Error("there is none");
  return item;
};
const balancer = (seen: Inventory) => first(seen.loadBalancers);
const database = (seen: Inventory, name: string) =>
  first(seen.databases.filter(({ record }) => record.name === name)).health;
const withoutMigration = (): EnvironmentDefinition => {
  const releases = structuredClone(shop.releases);
  delete releases["2"]?.migrate;
  return { ...shop, releases };
};

const cases: Record<string, Change & { why: string }> = {
  "the release is known": { to: "9", why: 'release "9" is not among 1, 2, 3' },
  "the release is another one": { to: "1", why: "release 1 is what serves now" },
  "the release migrates": { definition: withoutMigration(), why: "release 2 has no migrate command" },
  "every load balancer runs": {
    change: (seen) => {
      balancer(seen).running = false;
    },
    why: "down: lb-1",
  },
  "nothing is held or paged": {
    change: (seen) => {
      balancer(seen).maintenance = true;
    },
    why: "the public does not pass lb-1",
  },
  "nothing is left of an earlier upgrade": {
    change: (seen) => {
      balancer(seen).testers = 1;
    },
    why: "lb-1",
  },
  "every old server is healthy in every pool": {
    change: (seen) => {
      first(balancer(seen).members.a).healthy = false;
    },
    why: "not healthy: app-1 on lb-1",
  },
  "one writable primary": {
    change: (seen) => {
      database(seen, "db-2").writable = true;
    },
    why: "writable: db-1, db-2",
  },
  "a replica follows the primary": {
    change: (seen) => {
      database(seen, "db-2").following = "127.9.9.9";
    },
    why: "no replica replicates from the primary",
  },
};

test("in a healthy environment every guard holds", () => {
  expect(() => mustPass(inputOf({}))).not.toThrow();
});

test("every guard has a case here", () => {
  expect(Object.keys(cases).sort()).toEqual(guards.map(({ name }) => name).sort());
});

describe.each(Object.entries(cases))("guard: %s", (name, { why, ...change }) => {
  test("finds it, and no other guard does", () => {
    const input = inputOf(change);
    const found = guards.filter((guard) => guard.finds(input) !== null);
    expect(found.map((guard) => guard.name)).toContain(name);
    const finding = found.find((guard) => guard.name === name)?.finds(input);
    expect(finding?.why).toContain(why);
    expect(finding?.next).not.toBe("");
    expect(() => mustPass(input)).toThrow(`guard "${name}": ${finding?.why}`);
  });
});

test("held requests, a test route and old members are found as well", () => {
  const holds = (change: (seen: Inventory) => void, name: string) => {
    const guard = guards.find((one) => one.name === name);
    return guard?.finds(inputOf({ change })) === null;
  };
  const left = "nothing is left of an earlier upgrade";
  expect(holds((seen) => Object.assign(balancer(seen), { held: true }), "nothing is held or paged")).toBe(false);
  expect(holds((seen) => Object.assign(balancer(seen).routes, { test: "b" }), left)).toBe(false);
  expect(holds((seen) => balancer(seen).members.b.push(first(balancer(seen).members.a)), left)).toBe(false);
  const health = "every old server is healthy in every pool";
  expect(holds((seen) => balancer(seen).members.a.pop(), health)).toBe(false);
  expect(holds((seen) => Object.assign(first(balancer(seen).members.a), { state: "drain" }), health)).toBe(false);
  expect(holds((seen) => Object.assign(database(seen, "db-1"), { writable: false }), "one writable primary")).toBe(
    false,
  );
  expect(
    holds((seen) => Object.assign(database(seen, "db-2"), { replicating: false }), "a replica follows the primary"),
  ).toBe(false);
});

test("all findings are told at once, and the first says what to do next", () => {
  const change = (seen: Inventory) => {
    balancer(seen).maintenance = true;
    database(seen, "db-2").replicating = false;
  };
  expect(() => mustPass(inputOf({ change }))).toThrow(/nothing is held or paged.*; guard "a replica follows/);
});

test.each<[string, (seen: Inventory) => void, string]>([
  [
    "the load balancers disagree",
    (seen) => Object.assign(balancer(seen).routes, { public: "b" }),
    "do not agree on one pool",
  ],
  ["the endpoint leads nowhere", (seen) => Object.assign(balancer(seen).endpoints, { a: null }), "one known server"],
  [
    "no server has a release",
    (seen) => seen.applications.map((one) => Object.assign(one, { installed: null })),
    "no server",
  ],
])("where %s, it is not guessed what serves", (_what, change, why) => {
  expect(() => inputOf({ change })).toThrow(why);
});
