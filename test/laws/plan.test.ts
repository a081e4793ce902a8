/** The law of plans: pure data, the same wish gives the same plan, and nothing in it is unknown or half said. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { canonical, type Plan, planHash } from "../../src/model/plan.ts";
import type { Inventory } from "../../src/model/inventory.ts";
import { windowSchema } from "../../src/model/windows.ts";
import { readInventory } from "../../src/observe/inventory.ts";
import { planBringUp } from "../../src/plan/strategies/bring-up.ts";
import { planMajor } from "../../src/plan/strategies/major/major.ts";
import { checkPlan, layOut } from "../../src/run/layout.ts";
import { plannedStart } from "../../src/steps/await-window.ts";
import { steps } from "../../src/steps/registry.ts";
import { backUpUnderClients, heldIn, planBackupOf, planRestoreOf, planVerifyOf } from "./backed-up.ts";
import { clonePlan } from "./clone.ts";
import { bringUp, bringUpPlan } from "./run.ts";
import { artefacts, network, shop } from "./shop.ts";

const wished = fc.record({
  servers: fc.integer({ min: 1, max: 4 }),
  group: fc.option(fc.nat(3), { nil: undefined }),
  workers: fc.nat(1),
  loadBalancers: fc.integer({ min: 1, max: 3 }),
  keepSeconds: fc.nat(100),
  failAt: fc.option(fc.constantFrom("migrate", "smoke-test"), { nil: null }),
  at: fc.option(fc.constant("2026-06-10T23:00:00.000Z"), { nil: null }),
  windows: fc.array(fc.constant(windowSchema.parse({ days: ["wed"], from: "23:00", to: "01:00" })), { maxLength: 1 }),
});

function expectSound(plan: Plan): void {
  expect(() => checkPlan(plan, steps)).not.toThrow();
  const copy = JSON.parse(JSON.stringify(plan)) as Plan;
  expect(copy).toEqual(plan);
  expect(planHash(copy)).toBe(planHash(plan));
  for (const { step, input, says } of [...layOut(plan.stages), ...layOut(plan.afterWayBack)].flatMap((s) => s.steps)) {
    const definition = steps.get(step);
    const read = definition?.input.parse(input);
    expect(canonical(read), `${step} keeps its input as it is`).toBe(canonical(input));
    expect(definition?.says(read)).toBe(says);
    expect(says).toMatch(/^[A-Z]/);
    expect(says).not.toMatch(/undefined|null|NaN|\[object/);
    expect(definition?.limitMs(read)).toBeGreaterThan(0);
    const { act, see, back } = definition?.byHand(read) ?? {};
    for (const text of [act, see, back ?? "Nothing."]) {
      expect(text, step).toMatch(/^["A-Z`].{6,}[.:?]?$/s);
      expect(text, step).not.toMatch(/undefined|null|NaN|\[object/);
    }
    expect(back, `${step} can be undone, so a person must know how`).toSatisfy(
      (text: unknown) => text !== null || !definition?.undo,
    );
  }
}

/** Every list turned round: the order in which a world is read must not matter. */
const turned = (seen: Inventory): Inventory => ({
  ...seen,
  readAt: seen.readAt + 1,
  applications: [...seen.applications].reverse(),
});

test("every plan to bring an environment up is sound", () => {
  fc.assert(
    fc.property(wished, ({ servers, group, workers, loadBalancers }) => {
      const application = { ...shop.application, servers, workers, group: group && { name: "burst", size: group } };
      const definition = { ...shop, loadBalancers, application: application as typeof shop.application };
      expectSound(planBringUp({ definition, network, page: "<p>", artefacts }));
    }),
    { numRuns: 30, seed: 1 },
  );
});

test("the plan that makes a clone is sound, and leads nowhere but to the replica that is lent", async () => {
  const plan = await clonePlan(await bringUp());
  expectSound(plan);
  const text = JSON.stringify(plan.stages.filter(({ name }) => !name.startsWith("Copy the data")));
  expect(text).not.toContain(network.prefix);
});

test("the same picture gives the same plan, whenever and in whatever order it was read", async () => {
  const inventory = await readInventory((await bringUp()).world);
  fc.assert(
    fc.property(wished, fc.constantFrom("2", "3"), ({ keepSeconds, failAt, at, windows }, to) => {
      const definition = { ...shop, limits: { ...shop.limits, keepSeconds }, windows };
      const make = (seen: Inventory) => planMajor({ definition, network, inventory: seen, to, artefacts, failAt, at });
      const plan = make(inventory);
      expectSound(plan);
      expect(planHash(make(structuredClone(inventory)))).toBe(planHash(plan));
      expect(planHash(make(turned(inventory)))).toBe(planHash(plan));
      expect(planHash(make({ ...inventory }))).not.toBe(planHash(bringUpPlan()));
      expect(plannedStart(plan)).toBe(at);
      expect(plan.stages.flatMap(({ steps: all }) => all).some(({ step }) => step === "await-window")).toBe(
        at !== null || windows.length > 0,
      );
    }),
    { numRuns: 30, seed: 1 },
  );
});

test("the plans of a backup, of its verification and of a restore are sound", async () => {
  const { shop: site } = await backUpUnderClients();
  const held = await heldIn(site, "u-1-backup");
  for (const plan of [await planBackupOf(site), await planVerifyOf(site, held), await planRestoreOf(site, held)]) {
    expectSound(plan);
  }
});

test("planning changes neither the picture nor the definition", async () => {
  const inventory = await readInventory((await bringUp()).world);
  const before = canonical([inventory, shop]);
  planMajor({ definition: shop, network, inventory, to: "2", artefacts, failAt: null });
  expect(canonical([inventory, shop])).toBe(before);
});

test("each stage says what its way back is, and each step has a name of its own in the registry", async () => {
  const inventory = await readInventory((await bringUp()).world);
  const plan = planMajor({ definition: shop, network, inventory, to: "2", artefacts, failAt: null });
  for (const { wayBack } of plan.stages) expect(wayBack.length).toBeGreaterThan(20);
  for (const [name, definition] of steps) expect(definition.name).toBe(name);
});
