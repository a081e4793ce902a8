/** Laws of single servers: nobody notices a launch, a replacement or a relaunch, wherever it dies or fails; the bad change is named. */
import { expect, test } from "vitest";
import type { Plan } from "../../src/model/plan.ts";
import { configurationOf } from "../../src/model/server/configuration.ts";
import { type ServerDefinition, withChange } from "../../src/model/server/definition.ts";
import { readInventory } from "../../src/observe/inventory.ts";
import { planConnect, planDisconnect } from "../../src/plan/strategies/server/connect.ts";
import type { Ground } from "../../src/plan/strategies/server/ground.ts";
import { planLaunch, planTry } from "../../src/plan/strategies/server/launch.ts";
import { prepareLaunch, prepareTries, type Wanted } from "../../src/plan/strategies/server/prepare.ts";
import { planRelaunch } from "../../src/plan/strategies/server/relaunch.ts";
import { planReplace } from "../../src/plan/strategies/server/replace.ts";
import { planRetire } from "../../src/plan/strategies/server/retire.ts";
import { expectInOrder, expectNothingLost, expectSameSite, type Story, type Told, underClients } from "./backed-up.ts";
import { tellingMoments } from "./moments.ts";
import { bringUp, run, type ShopSite } from "./run.ts";
import { artefacts, network, shop } from "./shop.ts";

const groundOf = async ({ world }: ShopSite): Promise<Ground> => ({
  definition: shop,
  network,
  inventory: await readInventory(world),
  boots: new Map(),
});

/** Another release's artefact, and no template. */
const wanted: Wanted = { artefact: (count) => (count === 0 ? null : artefacts["2"]), boot: () => null };

async function cloneOf(on: ShopSite, name = "app-9"): Promise<ServerDefinition> {
  const { applications } = (await groundOf(on)).inventory;
  const source = applications.find(({ record }) => record.name === "app-1")?.installed;
  if (!source) throw new Error("nothing is installed on app-1");
  const base = configurationOf(source);
  return {
    ...{ environment: "shop", name, clonedFrom: "app-1", base, changes: [], explained: {} },
    ...{ createdBy: "someone", createdAt: 0 },
  };
}

const poolsOf = async (on: ShopSite): Promise<string[][]> =>
  (await groundOf(on)).inventory.loadBalancers.map(({ members }) => members.a.map(({ server }) => server).sort());

const change = (key: "release", value: string) => ({ key, value, by: "someone", at: 1 });

type Make = (on: ShopSite) => Promise<Plan>;

/** Each is made on a shop that is as its story needs it. */
const stories: Record<string, { make: Make; before?: Make[]; prepare?: (on: ShopSite) => void }> = {
  launch: {
    make: async (on) => planLaunch(await groundOf(on), prepareLaunch(await groundOf(on), await cloneOf(on), wanted)),
  },
  connect: {
    make: async (on) => planConnect(await groundOf(on), "app-9"),
    before: [(on) => stories.launch?.make(on) as Promise<Plan>],
  },
  disconnect: { make: async (on) => planDisconnect(await groundOf(on), "burst-1") },
  replace: { make: async (on) => planReplace(await groundOf(on), "app-1"), prepare: ({ site }) => site.crash("app-1") },
  relaunch: { make: async (on) => planRelaunch(await groundOf(on), "app-1", (current) => current) },
};

async function told(name: string, story: Story = {}): Promise<Told> {
  const on = await bringUp();
  const { make, before = [], prepare } = stories[name] ?? {};
  if (!make) throw new Error(`no story ${name}`);
  for (const [at, first] of before.entries()) {
    const { end } = await run(on, await first(on), { upgrade: `u-before-${at}` });
    expect(end).toEqual({ state: "upgraded" });
  }
  prepare?.(on);
  return underClients(on, () => make(on), story);
}

/** The public has lost nothing, and whoever is in a pool that serves is good. */
function expectUnnoticed(name: string, seen: Told): void {
  expectNothingLost(seen);
  expectInOrder(seen);
  expect(seen.clients.seen, name).toEqual({ page: 0, refused: 0, failed: 0 });
}

const names = (seen: Told["after"]["applications"], label: string): string[] =>
  seen.filter(({ labels }) => labels[label] !== undefined).map(({ name }) => name);

/** When a server's last sessions began to end differs by the time that a crash takes. */
const timeless = ({ applications, ...rest }: Told["after"]) => ({
  ...rest,
  applications: applications.map(({ labels: { draining: _, ...labels }, ...one }) => ({ ...one, labels })),
});

test("a clone is launched and tested, and nothing leads to it", async () => {
  const seen = await told("launch");
  expect(seen.end).toEqual({ state: "upgraded" });
  expectUnnoticed("launch", seen);
  const clone = seen.after.applications.find(({ name }) => name === "app-9");
  expect(clone).toMatchObject({ labels: { isolated: "yes", clonedFrom: "app-1" }, release: "1", web: "running" });
  expect(seen.after.loadBalancers).toEqual(seen.before.loadBalancers);
});

test("connected, it serves like the others; disconnected, it stands apart again", async () => {
  const connected = await told("connect");
  expect(connected.end).toEqual({ state: "upgraded" });
  expectUnnoticed("connect", connected);
  for (const { members } of connected.after.loadBalancers) expect(members).toContain("app-9 ready true");
  const on = connected.shop;
  expect(await run(on, planDisconnect(await groundOf(on), "app-9"), { upgrade: "u-2" })).toMatchObject({
    end: { state: "upgraded" },
  });
  expect(await poolsOf(on)).toEqual([
    ["app-1", "burst-1"],
    ["app-1", "burst-1"],
  ]);
});

test("a bad server is replaced by a clone, and kept", async () => {
  const seen = await told("replace");
  expect(seen.end).toEqual({ state: "upgraded" });
  expectUnnoticed("replace", seen);
  for (const { members } of seen.after.loadBalancers) {
    expect(members).toEqual(["app-2 ready true", "burst-1 ready true"]);
  }
  expect(names(seen.after.applications, "kept")).toEqual(["app-1"]);
  expect(seen.after.applications.find(({ name }) => name === "app-2")).toMatchObject({
    labels: { slot: "a", clonedFrom: "app-1" },
    release: "1",
  });
});

test("a relaunched server is what it was", async () => {
  const seen = await told("relaunch");
  expect(seen.end).toEqual({ state: "upgraded" });
  expectUnnoticed("relaunch", seen);
  expectSameSite(seen);
});

test.each(Object.keys(stories))(
  "every step of %s can fail, and the pool is what it was",
  async (name) => {
    const all = (await told(name)).plan.stages.flatMap(({ steps }) => steps.map(({ step }) => step));
    for (const failAt of new Set(all)) {
      const seen = await told(name, { failAt });
      expect(seen.end, failAt).toMatchObject({ state: "rolled-back" });
      expectUnnoticed(`${name} at ${failAt}`, seen);
      const pools = (at: Told["before"]) =>
        at.loadBalancers.map(({ members }) => members.map((one) => one.split(" ")[0]));
      expect(pools(seen.after), failAt).toEqual(pools(seen.before));
      if (name !== "replace") expectSameSite(seen);
    }
  },
  60_000,
);

test.each(Object.keys(stories))(
  "crash at every moment of %s and go on: the same end as without",
  async (name) => {
    const failAt = name === "replace" || name === "relaunch" ? [null, "join-pool"] : [null];
    for (const fails of failAt) {
      const wanted = await told(name, { failAt: fails });
      const telling = tellingMoments(wanted.moments);
      expect(telling.length).toBeGreaterThan(5);
      for (const at of telling) {
        const seen = await told(name, { failAt: fails, deaths: [at] });
        const what = `${name} died at ${wanted.moments[0]?.[at]}`;
        expect(seen.end.state, what).toBe(wanted.end.state);
        expectUnnoticed(what, seen);
        expect(timeless(seen.after), what).toEqual(timeless(wanted.after));
      }
    }
  },
  120_000,
);

test("tried one by one, the change that breaks the launch is known", async () => {
  const on = await bringUp();
  // Release 2 runs on another schema than the one that serves.
  const clone = [change("release", "2")].reduce(withChange, await cloneOf(on));
  const plan = planTry(await groundOf(on), prepareTries(await groundOf(on), clone, wanted));
  expect(plan.stages.map(({ name }) => name)).toEqual(['Try "app-9" as it was cloned', "Try change 1: release 2"]);
  const { end, entries } = await run(on, plan, { upgrade: "u-1" });
  expect(end.state).toBe("rolled-back");
  expect(entries.find(({ result }) => result === "failed")).toMatchObject({ stage: "Try change 1: release 2" });
  expect((await groundOf(on)).inventory.applications.map(({ record }) => record.name)).toEqual(["app-1", "burst-1"]);
});

test("a difference that nobody explains refuses the launch, and is named", async () => {
  const on = await bringUp();
  const clone = await cloneOf(on);
  const other = { ...shop, releases: { ...shop.releases, "1": { ...shop.releases["1"], inputs: { COLOUR: "red" } } } };
  const ground = { ...(await groundOf(on)), definition: other as typeof shop };
  expect(() => prepareLaunch(ground, clone, wanted)).toThrow(/input COLOUR is new: red/);
  const explained = { ...clone, explained: { "input COLOUR": "wanted" } };
  expect(prepareLaunch(ground, explained, wanted).install.inputs).toEqual({ COLOUR: "red" });
});

test("the last healthy server of a pool stays where it is", async () => {
  const on = await bringUp();
  on.site.crash("burst-1");
  await on.site.clock.sleep(5_000);
  for (const plan of [planRetire, planDisconnect]) {
    const { end } = await run(on, plan(await groundOf(on), "app-1"), { upgrade: `u-${plan.name}` });
    expect(end).toMatchObject({ state: "rolled-back" });
    for (const pool of await poolsOf(on)) expect(pool).toContain("app-1");
  }
});
