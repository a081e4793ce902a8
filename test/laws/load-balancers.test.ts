/** Laws of load balancers that come and go: a new one leads where one leads that serves, wherever that dies; taken back it is gone. */
import { expect, test } from "vitest";
import type { Plan } from "../../src/model/plan.ts";
import { readInventory } from "../../src/observe/inventory.ts";
import { everyRecord, Layout, loadBalancerSettings } from "../../src/plan/layout.ts";
import { launch } from "../../src/plan/launching.ts";
import { act, inOrder } from "../../src/plan/stage.ts";
import { copyLoadBalancer } from "../../src/steps/copy-load-balancer.ts";
import { tellingMoments } from "./moments.ts";
import { picture } from "./picture.ts";
import { createSimulatedWorld } from "../../src/providers/simulated/world.ts";
import { bringUp, nextToken, run, type RunOptions, type ShopSite } from "./run.ts";
import { network, shop } from "./shop.ts";

const planOf = (name: string, steps: Plan["stages"][number]["steps"], failAt: string | null = null): Plan => ({
  ...{ format: 1, environment: "shop", strategy: "bring-up", from: "1", to: "1" },
  stages: [inOrder(name, "take it back", steps)],
  ...{ afterWayBack: [], failAt },
});

/** To act by hand, after whoever acted before. */
const hand = ({ site }: ShopSite) => createSimulatedWorld({ site, clock: site.clock, token: nextToken() });

async function copyPlan({ world }: ShopSite, failAt: string | null = null): Promise<Plan> {
  const record = new Layout("shop", network, everyRecord(await readInventory(world))).next("load-balancer", "lb", {});
  const settings = loadBalancerSettings(shop, "<h1>soon</h1>");
  return planOf(
    "Add a load balancer",
    [
      launch(shop, record, "retire"),
      act(copyLoadBalancer, { server: record.name, like: "lb-1", settings, healthyMs: 3_000 }),
    ],
    failAt,
  );
}

/** With a test route, an endpoint of its own for that and a tester, as while two generations are there. */
async function copied(options: RunOptions & { failAt?: string; prepare?: (on: ShopSite) => Promise<void> } = {}) {
  const on = await bringUp();
  const first = await hand(on).loadBalancer("lb-1");
  await first.setRoute("test", "b");
  await first.setEndpoint("b", { address: "127.1.1.77", port: 3306 });
  await first.allowTester(on.world.secret("tester"));
  await options.prepare?.(on);
  const before = await picture(on.site, on.world);
  const ran = await run(on, await copyPlan(on, options.failAt ?? null), options);
  return { on, before, after: await picture(on.site, on.world), ...ran };
}

type Told = Awaited<ReturnType<typeof copied>>;
const balancer = ({ after }: Told, name: string) => {
  const found = after.loadBalancers.find((one) => one.name === name);
  return found && { ...found, name: "" };
};
const ask = ({ site }: ShopSite, name: string) => {
  const check = { method: "GET", path: "/rows", expect: { status: 200 } };
  const request = { host: shop.hosts.public, tester: null, check };
  return site.clock.waitingFor(site.loadBalancer(name).answer(request));
};

test("a new load balancer leads where the other one leads, and gives the public what that gives", async () => {
  const told = await copied();
  expect(told.end).toEqual({ state: "upgraded" });
  expect(balancer(told, "lb-3")).toEqual(balancer(told, "lb-1"));
  expect(balancer(told, "lb-3")).toMatchObject({ routes: { public: "a", test: "b" }, testers: 1, maintenance: false });
  expect(await ask(told.on, "lb-3")).toMatchObject({ status: 200 });
});

test("taken back it is gone, and the others are as they were", async () => {
  const told = await copied({ failAt: "copy-load-balancer" });
  expect(told.end).toMatchObject({ state: "rolled-back" });
  expect(told.after).toEqual(told.before);
});

test("die at any moment of it, or of its way back: it ends as if nobody had died", async () => {
  for (const failAt of [undefined, "copy-load-balancer"]) {
    const wanted = await copied({ ...(failAt ? { failAt } : {}) });
    const telling = tellingMoments(wanted.moments);
    expect(telling.length).toBeGreaterThan(10);
    for (const at of telling) {
      const told = await copied({ ...(failAt ? { failAt } : {}), deaths: [at] });
      expect([told.end.state, told.after], `died at ${wanted.moments[0]?.[at]}`).toEqual([
        wanted.end.state,
        wanted.after,
      ]);
    }
  }
}, 60_000);

test("what an earlier try left in it that the other one has no longer, goes", async () => {
  const on = await bringUp();
  const world = hand(on);
  await world.provider.launch({
    ...{ environment: "shop", name: "lb-3", kind: "load-balancer", address: "127.1.1.12", labels: {} },
  });
  const stale = await world.loadBalancer("lb-3");
  const settings = loadBalancerSettings(shop, "<h1>soon</h1>");
  await stale.start(settings);
  await stale.addMember("b", { server: "burst-9", address: "127.1.1.240", port: 8000 });
  await stale.addMember("a", { server: "app-1", address: "127.1.1.241", port: 8000 });
  await stale.setRoute("test", "b");
  await stale.allowTester(on.world.secret("tester"));
  const step = act(copyLoadBalancer, { server: "lb-3", like: "lb-1", settings, healthyMs: 3_000 });
  expect((await run(on, planOf("Copy", [step]))).end).toEqual({ state: "upgraded" });
  const { loadBalancers } = await picture(on.site, on.world);
  expect({ ...loadBalancers[2], name: "" }).toEqual({ ...loadBalancers[0], name: "" });
});

test.each([
  [
    "shows the page",
    "it shows the page",
    (name: string, { site }: ShopSite) => (site.loadBalancer(name).maintenance = true),
  ],
  [
    "serves nobody",
    "it leads the public nowhere",
    (name: string, { site }: ShopSite) => (site.loadBalancer(name).routes.public = null),
  ],
])("nothing is made like one that %s", async (_what, why, spoil) => {
  const told = await copied({ prepare: async (on) => void spoil("lb-1", on) });
  expect(told.end).toMatchObject({ state: "rolled-back", reason: { kind: "refused", why } });
  expect(told.after).toEqual(told.before);
});

test("one that does not reach a server that the other one finds healthy is no copy", async () => {
  const told = await copied({
    prepare: async ({ site }) => {
      const [first] = site.loadBalancer("lb-1").members.a;
      if (!first) throw new Error("no member");
      // Nobody listens there; the other one goes on finding it healthy.
      Object.defineProperty(first, "healthy", { get: () => true, set: () => {} });
      site.listening.delete(`${first.address}:${first.port}`);
    },
  });
  expect(told.end).toMatchObject({
    state: "rolled-back",
    reason: { kind: "step-failed", why: expect.stringContaining("it does not find app-1 healthy") },
  });
});
