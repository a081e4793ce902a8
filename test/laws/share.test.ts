/** The law of the share: as many of the public as a step says go to the other pool, and its undo never gives more. */
import { beforeEach, expect, test } from "vitest";
import { SimulatedClock } from "../../src/providers/simulated/clock.ts";
import { Site } from "../../src/providers/simulated/site.ts";
import { createSimulatedWorld } from "../../src/providers/simulated/world.ts";
import { contextFor } from "../../src/run/step-context.ts";
import { steps } from "../../src/steps/registry.ts";
import { problemOf } from "../contract/host/world.ts";
import { bringUpPlan, run, type ShopSite } from "./run.ts";
import { releases, shop } from "./shop.ts";

const loadBalancers = ["lb-1", "lb-2"];
const SLOWER_MS = 80;
const green = { server: "green", address: "10.9.9.9", port: 8000 };

let site: Site;
let world: ShopSite["world"];

/** The shop serves from pool a; pool b has one server more, quicker than all of them. */
beforeEach(async () => {
  const { "1": first, ...others } = releases();
  const slow = { ...others, ...(first && { "1": { ...first, slowerMs: SLOWER_MS } }) };
  site = new Site({ definition: shop, clock: new SimulatedClock(), releases: slow });
  world = createSimulatedWorld({ site, clock: site.clock, token: 1_000 });
  expect((await run({ site, world }, bringUpPlan(), { upgrade: "u-up" })).end.state).toBe("upgraded");
  world = createSimulatedWorld({ site, clock: site.clock, token: 2_000 });
  site.listening.set(`${green.address}:${green.port}`, {
    answer: async () => ({ status: 200, headers: {}, body: "green" }),
  });
  for (const name of loadBalancers) await (await world.loadBalancer(name)).addMember("b", green);
  await site.clock.sleep(2_000);
});

type Verb = "check" | "apply" | "verify" | "undo";

function perform(step: string, verb: Verb, input: object) {
  const people = {
    ...{ evidenceOf: async () => null, tell: async () => {} },
    ...{ openOverrides: async () => [], sessionsCut: async () => null },
  };
  const context = contextFor(site.clock, { upgrade: "u-1", round: 1 }, world, new AbortController().signal, people);
  return Promise.resolve(steps.get(step)?.[verb]?.(context, input));
}

const share = (verb: Verb, percent: number, before = 0) =>
  perform("share-traffic", verb, { loadBalancers, from: "a", to: "b", percent, before });

const shares = () => Promise.all(loadBalancers.map(async (name) => (await world.loadBalancer(name)).readShare()));

const act = async (percent: number, before: number): Promise<void> => {
  await share("check", percent, before);
  await share("apply", percent, before);
  expect(await share("verify", percent, before)).toEqual({ pool: "b", percent, loadBalancers: 2 });
};

async function ofHundred(name: string): Promise<number> {
  const check = { method: "GET", path: "/rows", expect: { status: 200 } };
  let reached = 0;
  for (let turn = 0; turn < 100; turn++) {
    const asked = site.loadBalancer(name).answer({ host: shop.hosts.public, tester: null, check });
    const answer = await site.clock.waitingFor(asked);
    expect(answer?.status).toBe(200);
    if (answer?.body === "green") reached += 1;
  }
  return reached;
}

test("each load balancer gives exactly as much as it says, and tells how fast both pools answer", async () => {
  for (const [percent, before] of [[1, 0] as const, [25, 1] as const, [100, 25] as const, [0, 100] as const]) {
    await act(percent, before);
    for (const name of loadBalancers) expect([name, await ofHundred(name)]).toEqual([name, percent]);
  }
  const balancer = await world.loadBalancer("lb-1");
  for (const { latencyMs } of await balancer.answers("a")) expect(latencyMs).toBeGreaterThanOrEqual(SLOWER_MS);
  expect((await balancer.answers("b")).map(({ latencyMs }) => latencyMs)).toEqual([0]);
});

test("nothing begins where the route leads elsewhere or the other pool has nobody who is well", async () => {
  const balancer = await world.loadBalancer("lb-2");
  await balancer.setRoute("public", "b");
  expect(await problemOf(share("check", 25))).toBe("refused");
  await balancer.setRoute("public", "a");
  await share("check", 25);
  await balancer.drainMember("b", green.server);
  expect(await problemOf(share("check", 25))).toBe("refused");
  await share("check", 0, 25);
  expect(await shares()).toEqual([0, 0]);
});

test("undo leaves what was there, whether it never ran, half ran or ran twice, also where one is down", async () => {
  await act(10, 0);
  const undone = async (when: string) => {
    await share("undo", 50, 10);
    expect([when, await shares()]).toEqual([when, [10, 10]]);
  };
  await undone("never ran");
  await (await world.loadBalancer("lb-2")).setShare(50);
  await undone("half ran");
  await act(50, 10);
  await act(50, 10);
  await undone("ran twice");
  await undone("was undone twice");
  await act(0, 10);
  await share("undo", 0, 10);
  expect(await shares()).toEqual([10, 10]);
  await (await world.loadBalancer("lb-1")).stop();
  await share("undo", 10, 0);
  expect(await (await world.loadBalancer("lb-2")).readShare()).toBe(0);
});

test("once a swap was taken back, the steps before it give nothing to that pool again", async () => {
  await act(25, 0);
  await act(100, 25);
  const swap = { loadBalancers, from: "a", to: "b" };
  await perform("swap-pools", "apply", swap);
  expect(await shares()).toEqual([0, 0]);
  expect(await ofHundred("lb-1")).toBe(100);
  await perform("swap-pools", "undo", swap);
  for (const [percent, before] of [[100, 25] as const, [25, 0] as const]) {
    await share("undo", percent, before);
    expect(await shares()).toEqual([0, 0]);
    expect(await ofHundred("lb-1")).toBe(0);
  }
});

test("a share that is left is left behind", async () => {
  for (const name of loadBalancers) await (await world.loadBalancer(name)).setShare(25);
  const clean = perform("assert-clean", "verify", { loadBalancers, slot: "a", gone: [] });
  const why = await clean.then(
    () => "clean",
    (error: { text: { why: string } }) => error.text.why,
  );
  for (const name of loadBalancers) expect(why).toContain(`"${name}" gives 25 % to the other pool`);
});
