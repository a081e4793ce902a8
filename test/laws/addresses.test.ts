/** Laws of floating addresses: a move loses nobody's request, only its own giver is robbed, and in the end one holds it, whenever it dies. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { standingOf } from "../../src/model/floating-address.ts";
import { Problem } from "../../src/model/problem.ts";
import { readInventory } from "../../src/observe/inventory.ts";
import { planBringUp } from "../../src/plan/strategies/bring-up.ts";
import { planMoveAddress } from "../../src/plan/strategies/move-address.ts";
import { SimulatedClock } from "../../src/providers/simulated/clock.ts";
import type { LoadBalancerServer } from "../../src/providers/simulated/load-balancer-server.ts";
import { Site } from "../../src/providers/simulated/site.ts";
import { createSimulatedWorld } from "../../src/providers/simulated/world.ts";
import { tellingMoments } from "./moments.ts";
import { nextToken, run, type RunOptions, type ShopSite } from "./run.ts";
import { artefacts, network, releases, shop } from "./shop.ts";

const ADDRESS = "10.77.0.100";
const definition = { ...shop, loadBalancers: 3, addresses: { www: { address: ADDRESS, on: 1 } } };

async function bringUp(): Promise<ShopSite> {
  const site = new Site({ definition, clock: new SimulatedClock(), releases: releases() });
  const world = createSimulatedWorld({ site, clock: site.clock, token: 0 });
  const plan = planBringUp({ definition, network, page: "<h1>soon</h1>", artefacts });
  const { end } = await run({ site, world }, plan, { upgrade: "u-up" });
  if (end.state !== "upgraded") throw new Error(`the shop did not come up: ${JSON.stringify(end)}`);
  return { site, world };
}

const holders = ({ site }: ShopSite): string[] =>
  site
    .loadBalancers()
    .filter(({ floating }) => floating.has(ADDRESS))
    .map(({ name }) => name);
/** The site as whoever comes last sees it. */
const lastWorld = ({ site }: ShopSite) => createSimulatedWorld({ site, clock: site.clock, token: nextToken() });
const closing = ({ site }: ShopSite): string[] =>
  site
    .loadBalancers()
    .filter(({ closing: addresses, passing }) => addresses.has(ADDRESS) || passing.has(ADDRESS))
    .map(({ name }) => name);

async function planMove(shopSite: ShopSite, to: string, failAt: string | null = null) {
  const inventory = await readInventory(shopSite.world);
  return { ...planMoveAddress({ definition, inventory, holders: holders(shopSite), name: "www", to }), failAt };
}

/** Clients of the address: some ask over kept connections, some anew each time, some for a second each. */
function startClients({ site }: ShopSite) {
  const seen = { answered: 0, failed: 0 };
  let stopped = false;
  const check = { method: "GET", path: "/rows", expect: { status: 200 } };
  const reached = (): LoadBalancerServer | undefined =>
    site.loadBalancers().find(({ name }) => name === site.announced.get(ADDRESS));
  /** The network sends everything to whoever announced last; he knows nothing of a connection that began elsewhere. */
  const arrives = (connection: LoadBalancerServer | undefined): boolean => {
    const at = reached();
    const passed = at?.passing.get(ADDRESS) === connection?.address;
    return connection !== undefined && (at === connection || passed) && connection.floating.has(ADDRESS);
  };
  const client = async (keeps: boolean, takesMs: number): Promise<void> => {
    let connection: LoadBalancerServer | undefined;
    while (!stopped) {
      connection ??= reached();
      const begun = arrives(connection);
      const request = { host: definition.hosts.public, tester: null, check };
      const long = site.clock.wake(takesMs);
      const answer = begun ? await connection?.answerBy(ADDRESS, request) : null;
      await long;
      const whole = answer?.status === 200 && arrives(connection);
      seen[whole ? "answered" : "failed"] += 1;
      if (!whole || !keeps || answer?.headers.connection === "close") connection = undefined;
      await site.clock.wake(20);
    }
  };
  for (const [keeps, takesMs] of [
    [true, 1],
    [true, 1],
    [false, 1],
    [false, 1],
    [false, 1_000],
  ] as const) {
    void client(keeps, takesMs);
  }
  return {
    seen,
    stop: () => {
      stopped = true;
    },
  };
}

async function moved(to: string, options: RunOptions & { failAt?: string } = {}) {
  const shopSite = await bringUp();
  const clients = startClients(shopSite);
  await shopSite.site.clock.sleep(500);
  const plan = await planMove(shopSite, to, options.failAt);
  const gaps: string[] = [];
  shopSite.site.watchers.add((what) => {
    if (holders(shopSite).length === 0) gaps.push(what);
  });
  const ran = await run(shopSite, plan, { upgrade: "u-move", ...options });
  await shopSite.site.clock.sleep(1_500);
  clients.stop();
  await shopSite.site.clock.sleep(1_500);
  return { shopSite, plan, gaps, clients: clients.seen, ...ran };
}

test("an environment comes up with its address held, and a move hands it over without a request lost", async () => {
  expect(holders(await bringUp())).toEqual(["lb-1"]);
  const told = await moved("lb-2");
  expect(told.end).toEqual({ state: "upgraded" });
  expect([holders(told.shopSite), closing(told.shopSite), told.gaps]).toEqual([["lb-2"], [], []]);
  expect(told.clients.failed).toBe(0);
  expect(told.clients.answered).toBeGreaterThan(100);
  const evidence = told.entries.find(({ step }) => step === "move-address")?.evidence;
  expect(evidence).toMatchObject({ holder: "lb-2", before: "lb-1", answeredBy: "lb-2", askedFrom: expect.any(String) });
});

test("a move that fails at its end is undone by the same move backwards, and nobody notices either", async () => {
  const told = await moved("lb-2", { failAt: "move-address" });
  expect(told.end).toMatchObject({ state: "rolled-back" });
  expect([holders(told.shopSite), closing(told.shopSite), told.gaps]).toEqual([["lb-1"], [], []]);
  expect(told.clients.failed).toBe(0);
});

test("die at any moment of a move or of its way back, once or twice: one holds it in the end, and none was without", async () => {
  for (const failAt of [undefined, "move-address"]) {
    const wanted = await moved("lb-2", { ...(failAt ? { failAt } : {}) });
    const telling = tellingMoments(wanted.moments);
    expect(telling.length).toBeGreaterThan(8);
    const deaths = telling.flatMap((at, turn) => [
      [at],
      ...(turn % 3 === 0 ? [[at, telling[(turn * 7) % telling.length] ?? 0]] : []),
    ]);
    for (const death of deaths) {
      const told = await moved("lb-2", { ...(failAt ? { failAt } : {}), deaths: death });
      const what = `died at ${death.map((at) => wanted.moments[0]?.[at]).join(" and ")}`;
      expect(told.end.state, what).toBe(wanted.end.state);
      expect([holders(told.shopSite), closing(told.shopSite), told.gaps], what).toEqual([
        [failAt ? "lb-1" : "lb-2"],
        [],
        [],
      ]);
      expect(told.clients.failed, what).toBe(0);
    }
  }
}, 60_000);

test("a plan moves the address from the holder that it names, and from nobody else", async () => {
  const shopSite = await bringUp();
  const [first, second] = [await planMove(shopSite, "lb-2"), await planMove(shopSite, "lb-3")];
  expect((await run(shopSite, first, { upgrade: "u-1" })).end).toEqual({ state: "upgraded" });
  expect((await run(shopSite, second, { upgrade: "u-2" })).end).toMatchObject({
    state: "rolled-back",
    reason: { kind: "refused", why: 'it was to be moved from "lb-1", and "lb-2" holds it now' },
  });
  expect(holders(shopSite)).toEqual(["lb-2"]);
  await expect(planMove(shopSite, "lb-2")).rejects.toThrow("it holds it already");
  await expect(planMove(shopSite, "lb-9")).rejects.toThrow("there are lb-1, lb-2, lb-3");
});

/** A control plane that was shut out ends without an end of its own. */
const stateOf = (running: ReturnType<typeof run>): Promise<string> =>
  running.then(
    ({ end }) => end.state,
    (error: unknown) => (error as Problem).kind,
  );

test("of two movers at the same time at most one wins; what one leaves that was shut out, the next move ends", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 3_500 }), async (headStartMs) => {
      const shopSite = await bringUp();
      const plans = [await planMove(shopSite, "lb-2"), await planMove(shopSite, "lb-3")] as const;
      const both = [
        stateOf(run(shopSite, plans[0], { upgrade: "u-1" })),
        shopSite.site.clock.sleep(headStartMs).then(async () => {
          // As every execution does before its first step.
          const { provider, environment } = lastWorld(shopSite);
          for (const { name } of await provider.list(environment))
            await (await provider.open(environment, name)).claim();
          return stateOf(run(shopSite, plans[1], { upgrade: "u-2" }));
        }),
      ];
      const ended = await Promise.all(both);
      expect(ended.filter((state) => state === "upgraded").length, ended.join()).toBeLessThanOrEqual(1);
      const left = holders(shopSite);
      expect([["lb-1"], ["lb-2"], ["lb-3"], ["lb-1", "lb-2"]]).toContainEqual(left);
      if (left.length === 1) return;
      const next = await run(shopSite, await planMove(shopSite, "lb-2"), { upgrade: "u-3" });
      expect([next.end, holders(shopSite), closing(shopSite)]).toEqual([{ state: "upgraded" }, ["lb-2"], []]);
    }),
    { numRuns: 12, seed: 7 },
  );
});

test("an address that a stranger has is left to him, and a load balancer that serves nobody gets none", async () => {
  const shopSite = await bringUp();
  shopSite.site.strangers.set(ADDRESS, ["02:00:5e:00:00:01"]);
  expect((await run(shopSite, await planMove(shopSite, "lb-2"), { upgrade: "u-1" })).end).toMatchObject({
    state: "rolled-back",
    reason: { why: expect.stringContaining("02:00:5e:00:00:01 on the network has it") },
  });
  shopSite.site.strangers.clear();
  const plan = await planMove(shopSite, "lb-3");
  const emptied = await lastWorld(shopSite).loadBalancer("lb-3");
  for (const { server } of await emptied.members("a")) await emptied.removeMember("a", server, 10);
  expect((await run(shopSite, plan, { upgrade: "u-2" })).end).toMatchObject({
    state: "rolled-back",
    reason: { kind: "unhealthy", why: expect.stringContaining("no server in pool a is well") },
  });
  expect([holders(shopSite), closing(shopSite)]).toEqual([["lb-1"], []]);
});

test("whoever holds it, a move begins, goes on, is over, or is refused; refused exactly when somebody else has it", () => {
  const names = ["lb-1", "lb-2", "lb-3", "lb-4"];
  fc.assert(
    fc.property(fc.option(fc.constantFrom("lb-1", "lb-3")), fc.subarray(names), (from, held) => {
      const move = { address: ADDRESS, from, to: "lb-2" };
      const others = held.filter((name) => name !== from && name !== "lb-2");
      const lost = held.length === 0 && from !== null;
      if (others.length > 0 || lost) expect(() => standingOf(move, held)).toThrow(Problem);
      else {
        const between = from !== null && held.includes(from) && held.includes("lb-2");
        expect(standingOf(move, held)).toBe(between ? "between" : held.includes("lb-2") ? "done" : "before");
      }
    }),
    { numRuns: 200 },
  );
});
