/** Laws of load balancers that come and go: a new one leads where one leads that serves; an old one goes when nobody uses it any more. */
import { expect, test } from "vitest";
import type { Plan } from "../../src/model/plan.ts";
import { readInventory } from "../../src/observe/inventory.ts";
import { everyRecord, Layout, loadBalancerSettings } from "../../src/plan/layout.ts";
import { launch } from "../../src/plan/launching.ts";
import { act, inOrder } from "../../src/plan/stage.ts";
import { awaitQuietLoadBalancer } from "../../src/steps/await-quiet-load-balancer.ts";
import { copyLoadBalancer } from "../../src/steps/copy-load-balancer.ts";
import { retireServers } from "../../src/steps/retire-servers.ts";
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

const ADDRESS = "10.77.0.100";
const QUIET_MS = 2_000;
const WITHIN_MS = 10_000;

/** Clients ask "lb-2" and nobody else, each 50 ms until they have left. */
function clientsOf(on: ShopSite, leaveAfterMs: number) {
  const from = on.site.clock.now();
  const seen = { good: 0, bad: 0 };
  let cancel = () => {};
  const tick = () => {
    if (on.site.clock.now() - from >= leaveAfterMs) return;
    const check = { method: "GET", path: "/rows", expect: { status: 200 } };
    void on.site
      .loadBalancer("lb-2")
      .answer({ host: shop.hosts.public, tester: null, check })
      .then((answer) => {
        seen[answer?.status === 200 ? "good" : "bad"] += 1;
      });
    cancel = on.site.clock.after(50, tick);
  };
  tick();
  return { seen, stop: () => cancel() };
}

/** "lb-2" goes, with whatever finds its database through it, which no longer runs. */
async function left(options: RunOptions & { leaveAfterMs: number; prepare?: (on: ShopSite) => void; cut?: boolean }) {
  const { leaveAfterMs, prepare, cut, ...rest } = options;
  const on = await bringUp();
  const world = hand(on);
  for (const role of ["web", "worker"] as const) await (await world.application("burst-1")).stop(role, 10);
  prepare?.(on);
  const clients = clientsOf(on, leaveAfterMs);
  const asked = { loadBalancers: ["lb-2"], addresses: [ADDRESS], quietMs: QUIET_MS, withinMs: WITHIN_MS };
  const plan = planOf("Let it go", [
    act(awaitQuietLoadBalancer, asked),
    act(retireServers, { servers: ["lb-2"], pool: null }),
  ]);
  const began = on.site.clock.now();
  const sessionsCut = async () => (cut ? { by: "ann", reason: "late" } : null);
  const ran = await run(on, plan, { ...rest, ...(cut === undefined ? {} : { sessionsCut }) });
  clients.stop();
  const evidence = ran.entries.find(
    ({ step, result }) => step === awaitQuietLoadBalancer.name && result === "done",
  )?.evidence;
  const records = await on.world.provider.list("shop");
  return { on, clients: clients.seen, tookMs: on.site.clock.now() - began, evidence, records, ...ran };
}

const namesIn = ({ records }: { records: { name: string }[] }): string[] => records.map(({ name }) => name);

test("a load balancer goes when the public has left it, and not a request is lost", async () => {
  const told = await left({ leaveAfterMs: 5_000 });
  expect(told.end).toEqual({ state: "upgraded" });
  expect(told.evidence).toMatchObject({ requests: 0, connections: 0, quietMs: QUIET_MS });
  expect(told.clients).toMatchObject({ bad: 0 });
  expect(told.clients.good).toBeGreaterThan(50);
  expect(told.tookMs).toBeGreaterThan(5_000 + QUIET_MS);
  expect(told.tookMs).toBeLessThan(5_000 + 3 * QUIET_MS + 1_000);
  expect(namesIn(told)).not.toContain("lb-2");
});

test("one that the public still asks at the deadline stays, unmarked, until somebody says that they may be cut off", async () => {
  const told = await left({ leaveAfterMs: 60_000 });
  expect(told.end).toMatchObject({
    state: "rolled-back",
    reason: { kind: "timed-out", why: expect.stringMatching(/^\d+ requests of the public in 2 s/) },
  });
  expect(told.clients.bad).toBe(0);
  expect(told.records.find(({ name }) => name === "lb-2")?.labels).toEqual({});
  const cut = await left({ leaveAfterMs: 60_000, cut: true });
  expect([cut.end, cut.evidence]).toEqual([
    { state: "upgraded" },
    expect.objectContaining({ cut: "cut by ann: late" }),
  ]);
  expect(cut.tookMs).toBeLessThan(WITHIN_MS);
});

test("a websocket has until the deadline, and longer it holds nobody up", async () => {
  const open = (on: ShopSite) => void on.site.loadBalancer("lb-2").tunnel("public");
  const told = await left({ leaveAfterMs: 0, prepare: open });
  expect([told.end, told.evidence]).toEqual([
    { state: "upgraded" },
    expect.objectContaining({ requests: 0, connections: 1, quietMs: QUIET_MS }),
  ]);
  expect(told.tookMs).toBeGreaterThanOrEqual(WITHIN_MS);
  expect(told.tookMs).toBeLessThan(WITHIN_MS + 2 * QUIET_MS + 1_000);
});

test("one that holds a floating address, or through which a server finds its database, is not retired", async () => {
  const holds = await left({ leaveAfterMs: 0, prepare: ({ site }) => site.loadBalancer("lb-2").take(ADDRESS) });
  expect(holds.end).toMatchObject({ state: "rolled-back", reason: { why: `"lb-2" holds ${ADDRESS}` } });
  const on = await bringUp();
  const retire = act(retireServers, { servers: ["lb-2"], pool: null });
  expect((await run(on, planOf("Retire", [retire]))).end).toMatchObject({
    state: "rolled-back",
    reason: { kind: "refused", why: '"burst-1" finds its database through "lb-2"' },
  });
  expect((await on.world.provider.list("shop")).map(({ name }) => name)).toContain("lb-2");
});

test("die at any moment of the wait: nobody is cut off sooner", async () => {
  const story = { leaveAfterMs: 3_000, prepare: (on: ShopSite) => void on.site.loadBalancer("lb-2").tunnel("public") };
  const wanted = await left(story);
  const telling = tellingMoments(wanted.moments);
  expect(telling.length).toBeGreaterThan(4);
  for (const at of telling) {
    const told = await left({ ...story, deaths: [at] });
    const what = `died at ${wanted.moments[0]?.[at]}`;
    expect([told.end, told.clients.bad, namesIn(told)], what).toEqual([wanted.end, 0, namesIn(wanted)]);
    expect(told.tookMs, what).toBeGreaterThanOrEqual(WITHIN_MS);
  }
}, 60_000);
