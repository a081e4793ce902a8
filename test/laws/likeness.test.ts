/** The law of likeness: where, to how many and how long is no difference between plans; what is done is one. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { type EnvironmentDefinition, environmentSchema } from "../../src/model/environment.ts";
import type { Inventory } from "../../src/model/inventory.ts";
import type { Plan } from "../../src/model/plan.ts";
import { readInventory } from "../../src/observe/inventory.ts";
import { likenessOf } from "../../src/plan/likeness.ts";
import { planBringUp } from "../../src/plan/strategies/bring-up.ts";
import { planMajor } from "../../src/plan/strategies/major/major.ts";
import { SimulatedClock } from "../../src/providers/simulated/clock.ts";
import { Site } from "../../src/providers/simulated/site.ts";
import { createSimulatedWorld } from "../../src/providers/simulated/world.ts";
import { run } from "./run.ts";
import { artefacts, releases, shop } from "./shop.ts";

/** A shop of this size and name, up and seen. */
async function seen(definition: EnvironmentDefinition, prefix: string): Promise<Inventory> {
  const site = new Site({ definition, clock: new SimulatedClock(), releases: releases() });
  const world = createSimulatedWorld({ site, clock: site.clock, token: 0 });
  const plan = planBringUp({ definition, network: { prefix }, page: "<h1>soon</h1>", artefacts });
  const { end } = await run({ site, world }, plan, { upgrade: "u-up" });
  expect(end.state).toBe("upgraded");
  return readInventory(world);
}

async function planOf(definition: EnvironmentDefinition, prefix: string, more: object = {}): Promise<Plan> {
  const inventory = await seen(definition, prefix);
  return planMajor({ definition, network: { prefix }, inventory, to: "2", artefacts, failAt: null, ...more });
}

const elsewhere = fc.record({
  name: fc.constantFrom("stage", "rehearsal"),
  octets: fc.tuple(fc.nat(200), fc.nat(200)),
  port: fc.integer({ min: 1024, max: 9000 }),
  loadBalancers: fc.integer({ min: 1, max: 3 }),
  servers: fc.integer({ min: 1, max: 3 }),
  group: fc.nat(2),
  workers: fc.constantFrom(1, 2),
  keepSeconds: fc.nat(1000),
  syncSeconds: fc.integer({ min: 3, max: 9 }),
  backups: fc.constantFrom({}, { everyHours: 24, keep: { last: 3 } }),
  at: fc.constantFrom(null, "2026-06-10T23:00:00.000Z"),
});

test("another name, network, port, size, patience and hour make no difference", async () => {
  const wanted = likenessOf(await planOf(shop, "127.1.1"));
  await fc.assert(
    fc.asyncProperty(elsewhere, async ({ name, octets, at, group, backups, ...drawn }) => {
      const { keepSeconds, syncSeconds, servers, ...more } = drawn;
      const definition = environmentSchema.parse({
        ...shop,
        environment: name,
        hosts: { public: `${name}.test`, test: `green.${name}.test` },
        port: more.port,
        loadBalancers: more.loadBalancers,
        application: {
          name: "other",
          port: more.port + 1,
          servers,
          group: { name: "many", size: group },
          workers: Math.min(more.workers, servers + group),
        },
        database: { engine: "mariadb", name: "other", user: "another", port: more.port + 10 },
        limits: { ...shop.limits, keepSeconds, syncSeconds },
        backups,
      });
      const plan = await planOf(definition, `127.${octets.join(".")}`, { at });
      expect(likenessOf(plan)).toBe(wanted);
      expect(likenessOf(JSON.parse(JSON.stringify(plan)))).toBe(wanted);
    }),
    { numRuns: 12, seed: 4 },
  );
});

const release = (change: (two: EnvironmentDefinition["releases"][string]) => void): EnvironmentDefinition => {
  const changed = structuredClone(shop);
  const two = changed.releases["2"];
  if (two) change(two);
  return changed;
};

test.each<[string, EnvironmentDefinition, object]>([
  ["another artefact", shop, { artefacts: { ...artefacts, "2": "d".repeat(64) } }],
  ["another release", shop, { to: "3" }],
  ["another migrate command", release((two) => Object.assign(two, { migrate: `${two.migrate} ` })), {}],
  ["another start command", release(({ start }) => Object.assign(start, { web: `${start.web} ` })), {}],
  ["something to prepare", release((two) => Object.assign(two, { prepare: "true" })), {}],
  ["one more input", release((two) => Object.assign(two, { inputs: { PAYMENTS: "on" } })), {}],
  ["another check", { ...shop, checks: { ...shop.checks, read: [] } }, {}],
  ["no worker", { ...shop, application: { ...shop.application, workers: 0 } }, {}],
  ["a rehearsed failure", shop, { failAt: "smoke-test" }],
])("%s is a difference", async (_what, definition, more) => {
  const wanted = likenessOf(await planOf(shop, "127.1.1"));
  const inventory = await seen(shop, "127.1.1");
  const input = { definition, network: { prefix: "127.1.1" }, inventory, to: "2", artefacts, failAt: null, ...more };
  expect(likenessOf(planMajor(input))).not.toBe(wanted);
});

test("the value of an input may be a secret or a host name, and is no difference", async () => {
  const inventory = await seen(shop, "127.1.1");
  const planWith = (url: string) =>
    planMajor({
      definition: release((two) => Object.assign(two, { inputs: { URL: url } })),
      network: { prefix: "127.1.1" },
      inventory,
      to: "2",
      artefacts,
      failAt: null,
    });
  expect(likenessOf(planWith("https://live.test"))).toBe(likenessOf(planWith("https://stage.test")));
});
