/** What a minor upgrade's plan is made of, and what keeps it from being made. */
import { beforeAll, describe, expect, test } from "vitest";
import { type EnvironmentDefinition, environmentSchema } from "../../src/model/environment.ts";
import { parseEnvironment } from "../../src/model/environment-file.ts";
import type { Inventory } from "../../src/model/inventory.ts";
import { minorStrategies, type MinorStrategy } from "../../src/model/plan.ts";
import type { Readiness } from "../../src/model/readiness.ts";
import { readInventory } from "../../src/observe/inventory.ts";
import { readReadiness } from "../../src/observe/readiness.ts";
import type { Circumstances } from "../../src/plan/guards/guard.ts";
import { planUpgrade } from "../../src/plan/plan-upgrade.ts";
import { minorShop, shopForMinor } from "../laws/minor.ts";
import { artefacts, network, shop } from "../laws/shop.ts";

const NOW = Date.parse("2026-06-10T12:00:00Z");
let healthy: Inventory;
let ready: Readiness;
beforeAll(async () => {
  const { world } = await shopForMinor();
  healthy = await readInventory(world);
  const asked = { primary: "db-1", replicas: ["db-2"], longSeconds: 30, withinMs: 1_000 };
  ready = await readReadiness(world, healthy, asked);
});

interface Change {
  to?: string;
  definition?: EnvironmentDefinition;
  seen?: (seen: Inventory) => void;
  around?: Partial<Circumstances>;
  hosts?: number;
}

function planned(strategy: MinorStrategy, { to = "2", definition = minorShop, seen, around, hosts }: Change = {}) {
  const inventory = structuredClone(healthy);
  seen?.(inventory);
  const circumstances: Circumstances = {
    ...{ now: NOW, at: null, other: null, locks: [], overrides: [], readiness: structuredClone(ready), drift: [] },
    ...{ newestVerifiedBackupAt: NOW - 3_600_000, groupSize: null, accepted: [], shared: [] },
    artefact: { hash: artefacts[to as "2"] ?? null, served: [], git: { changes: [] } },
    ...around,
  };
  const own = hosts === undefined ? network : { hosts: Array.from({ length: hosts }, (_, at) => `10.1.1.${at + 1}`) };
  const input = { definition, network: own, inventory, to, artefacts, failAt: null, strategy };
  return planUpgrade(input, circumstances);
}

const stepsOf = (strategy: MinorStrategy, change: Change = {}): string[] =>
  planned(strategy, change).plan.stages.flatMap(({ steps }) => steps.map(({ step }) => step));

const withMinor = (minor: object): EnvironmentDefinition => environmentSchema.parse({ ...minorShop, minor });
const withoutMigration = (): EnvironmentDefinition => {
  const releases = structuredClone(minorShop.releases);
  delete releases["2"]?.migrate;
  return { ...minorShop, releases };
};

describe.each(minorStrategies)("%s", (strategy) => {
  test("in a healthy environment every guard holds", () => {
    expect(planned(strategy).guards.filter(({ result }) => result !== "holds")).toEqual([]);
  });

  test("the group stands still before anything else happens, and works again only when all serve the new release", () => {
    const names = stepsOf(strategy);
    expect(names[0]).toBe("suspend-group");
    const served =
      strategy === "in-place" ? names.lastIndexOf("replace-release") : names.lastIndexOf("install-release");
    expect(names.indexOf("resume-group")).toBeGreaterThan(Math.min(served, names.indexOf("scan-errors")));
  });

  test("the live schema is touched only after the old release was tried on a copy of it", () => {
    const live = planned(strategy).plan.stages.flatMap(({ steps }) => steps);
    const at = live.findIndex(({ step, input }) => step === "migrate" && (input as { of: string }).of === "live");
    expect(live.findIndex(({ step }) => step === "try-minor")).toBeLessThan(at);
    expect(live.findIndex(({ step }) => step === "restore-backup")).toBeLessThan(at);
  });

  test("it needs no replica and no backup where there is nothing to migrate", () => {
    const change: Change = {
      definition: withoutMigration(),
      seen: (inventory) => Object.assign(inventory.databases[1]?.health ?? {}, { replicating: false, following: null }),
    };
    expect(stepsOf(strategy, change)).not.toContain("restore-backup");
    expect(() => planned(strategy, { ...change, definition: minorShop })).toThrow("a replica follows the primary");
  });

  test("a freeze holds for it, and a window does not", () => {
    const from = "2026-06-01T00:00:00Z";
    const freezes = [{ from, to: "2026-07-01T00:00:00Z", why: "a fair" }];
    const days = ["wed"];
    const windows = [{ days, from: "23:00", to: "23:30", zone: "UTC" }];
    const file = (more: object) => ({ definition: environmentSchema.parse({ ...minorShop, ...more }) });
    expect(() => planned(strategy, file({ freezes }))).toThrow('guard "nothing is frozen": frozen until');
    expect(planned(strategy, file({ windows })).guards.every(({ result }) => result === "holds")).toBe(true);
  });

  test("the same release, unchanged, is nothing to do", () => {
    const around = { artefact: { hash: artefacts["1"], served: [], git: { changes: [] } } };
    expect(() => planned(strategy, { to: "1", around })).toThrow("release 1 is what serves now");
    const releases = { ...minorShop.releases, "1": { ...minorShop.releases["1"], inputs: { COLOUR: "red" } } };
    const definition = environmentSchema.parse({ ...minorShop, releases });
    expect(
      planned(strategy, { to: "1", around: { artefact: { ...around.artefact, hash: "a".repeat(64) } }, definition })
        .plan.to,
    ).toBe("1");
  });
});

test("front ends are replaced whole or upgraded in place, and never parted by the way", () => {
  const definition = { ...minorShop, application: { ...minorShop.application, frontEnds: true } };
  for (const strategy of ["rolling", "canary"] as const)
    expect(() => planned(strategy, { definition })).toThrow('guard "no front end has to be split"');
});

test("so many servers go on serving as the file says", () => {
  expect(() => planned("in-place", { definition: withMinor({ batch: 2 }) })).toThrow(
    "of 2 servers 0 serve while a batch of 2 is upgraded in place; at least 1 must",
  );
  expect(() => planned("in-place", { definition: withMinor({ floor: 2 }) })).toThrow("at least 2 must");
  expect(() => planned("rolling", { definition: withMinor({ floor: 3 }) })).toThrow(
    "minor.floor is 3, and there are 2",
  );
  expect(planned("rolling", { definition: withMinor({ batch: 9 }) }).plan.stages.map(({ name }) => name)).toContain(
    "Put batch 1 of 1 in the place of as many old servers",
  );
});

test("hosts are counted by what is launched", () => {
  const taken = (inventory: Inventory) => {
    const all = [...inventory.loadBalancers, ...inventory.applications, ...inventory.databases];
    for (const [at, { record }] of all.entries()) record.address = `10.1.1.${at + 1}`;
    const { address } = inventory.databases[0]?.record ?? { address: "" };
    Object.assign(inventory.databases[1]?.health ?? {}, { following: address });
    for (const { endpoints } of inventory.loadBalancers) endpoints.a = { address, port: 3306 };
  };
  // 6 serve: 2 load balancers, 2 servers, 2 databases.
  for (const [strategy, definition, beside] of [
    ["replace", minorShop, 4],
    ["replace", withoutMigration(), 3],
    ["in-place", minorShop, 3],
    ["in-place", withoutMigration(), 1],
  ] as const) {
    expect(planned(strategy, { definition, seen: taken, hosts: 6 + beside }).plan.strategy).toBe(strategy);
    expect(() => planned(strategy, { definition, seen: taken, hosts: 5 + beside })).toThrow(`${6 + beside} are needed`);
  }
});

test.each([
  ["shares: [50, 10]", "minor.shares: must grow from each to the next"],
  ['logErrors: "("', "minor.logErrors: is no regular expression"],
  ["soakSeconds: 10, waitSeconds: 5", "minor.waitSeconds: must not be less than soakSeconds"],
])("the file may not say minor: { %s }", (text, why) => {
  const file = JSON.stringify({ ...shop, minor: undefined });
  const whole = `${file.slice(0, -1)}, "minor": { ${text} } }`;
  expect(() => parseEnvironment(whole, "shop.yaml")).toThrow(why.split(": ")[1]);
});
