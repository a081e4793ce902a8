/** Laws of servers with a template: what fails strands them, each script runs once, and leaving has its time. */
import { expect, test } from "vitest";
import { seenTemplate } from "../../src/model/template/server-state.ts";
import { tellingMoments } from "./moments.ts";
import { run, type RunOptions } from "./run.ts";
import {
  BOOT,
  bootWith,
  emptySite,
  labelsOf,
  LEAVE,
  launchPlan,
  recordsIn,
  retirePlan,
  type TemplatedSite,
} from "./templated.ts";

async function launched(names = ["app-1"], onUndo: "retire" | "keep" = "keep", options: RunOptions = {}) {
  const site = await emptySite();
  const ran = await run(site, launchPlan(names, onUndo), { upgrade: "u-1", ...options });
  return { site, ...ran };
}

test("a server boots: its scripts run in order, with what they declare, and it is operational", async () => {
  const { site, end } = await launched();
  expect(end).toEqual({ state: "upgraded" });
  expect(site.scripts.of("app-1")).toEqual(BOOT);
  const { env } = site.scripts.ran[0] ?? { env: {} };
  expect(env).toEqual({
    MODE: "from the template",
    HOST: "127.1.1.101",
    SERVER_NAME: "app-1",
    SERVER_FOLDER: "/simulated/shop/app-1",
    ENVIRONMENT: "shop",
    ROLE: "boot",
    TEMPLATE: "app@1",
  });
  expect(await labelsOf(site, "app-1")).toMatchObject({ state: "operational", template: "app@1", slot: "a" });
});

test("a script that fails strands the server at it: those before it ran once, those after it not at all", async () => {
  for (const [at, script] of BOOT.entries()) {
    const site = await emptySite();
    site.scripts.failing.add(script);
    const { end } = await run(site, launchPlan(["app-1"], "keep"));
    expect(end).toMatchObject({ state: "rolled-back", reason: { what: `"app-1" is stranded at ${script}` } });
    expect(site.scripts.of("app-1")).toEqual(BOOT.slice(0, at + 1));
    expect(await labelsOf(site, "app-1")).toMatchObject({
      state: "stranded",
      strandedAt: script,
      strandedWhy: `exit 3: no luck with ${script}`,
      kept: "diagnosis of u-1",
    });
  }
});

test("a server that lacks its runtime is stranded before any script", async () => {
  const site = await emptySite();
  site.scripts.failing.add("has-runtime");
  const { end } = await run(site, launchPlan(["app-1"], "keep"));
  expect(end).toMatchObject({ state: "rolled-back" });
  expect(site.scripts.ran).toEqual([]);
  expect(await labelsOf(site, "app-1")).toMatchObject({ strandedAt: 'runtime check "has-runtime"' });
});

test("killed at any moment of a boot, the server boots as if it had not been: no script runs twice", async () => {
  for (const failing of [[], [BOOT[1] ?? ""]]) {
    const prepare = async (): Promise<TemplatedSite> => {
      const site = await emptySite();
      for (const script of failing) site.scripts.failing.add(script);
      return site;
    };
    const plan = launchPlan(["app-1", "app-2"], "keep");
    const first = await prepare();
    const wanted = await run(first, plan);
    const telling = tellingMoments(wanted.moments);
    expect(telling.length).toBeGreaterThan(30);
    const state = async (site: TemplatedSite) =>
      (await recordsIn(site, ["app-1", "app-2"])).map((record) => ({ ...seenTemplate(record), operationalAt: null }));
    for (const at of telling) {
      const site = await prepare();
      const { end } = await run(site, plan, { deaths: [at] });
      const what = `died at ${wanted.moments[0]?.[at]}`;
      expect(end.state, what).toBe(wanted.end.state);
      for (const name of ["app-1", "app-2"]) expect(site.scripts.of(name), what).toEqual(first.scripts.of(name));
      expect(await state(site), what).toEqual(await state(first));
    }
  }
}, 60_000);

test("what was launched is the server's own: another launch of it is refused", async () => {
  const { site } = await launched();
  const other = bootWith({ MODE: { value: { text: "another" }, level: "server", from: "app-1" } });
  const { end } = await run(
    site,
    launchPlan(["app-1"], "keep", () => other),
    { upgrade: "u-2" },
  );
  expect(end).toMatchObject({ state: "rolled-back", reason: { why: expect.stringContaining("with app@1 already") } });
});

test("a value of another server is waited for, and is what that server had when this one booted", async () => {
  const site = await emptySite();
  const peer = (server: string, value: string) =>
    bootWith({ PEER: { value: { server, value }, level: "environment", from: "shop" } });
  const plan = launchPlan(["app-1", "app-2"], "keep", (name) =>
    name === "app-1" ? peer("app-2", "MODE") : peer("app-1", "address"),
  );
  const { end } = await run(site, plan);
  expect(end).toEqual({ state: "upgraded" });
  const peers = ["app-1", "app-2"].map((name) => site.scripts.ran.find(({ server }) => server === name)?.env.PEER);
  expect(peers).toEqual(["from the template", "127.1.1.101"]);
});

test("a value that never comes strands the server, and the limit is told", async () => {
  for (const [value, why] of [
    [{ server: "app-9", value: "address" }, 'address of "app-9", and there is no such server yet; waited 5 s'],
    [{ server: "app-1", value: "PEER" }, 'PEER of "app-1", which waits for another server itself; waited 5 s'],
  ] as const) {
    const site = await emptySite();
    const boot = bootWith({ PEER: { value, level: "environment", from: "shop" } });
    const { end } = await run(
      site,
      launchPlan(["app-1"], "keep", () => boot),
    );
    expect(end).toMatchObject({ state: "rolled-back", reason: { what: '"app-1" is stranded at its inputs' } });
    expect((await labelsOf(site, "app-1"))?.strandedWhy).toContain(why);
    expect(site.scripts.ran).toEqual([]);
  }
});

test("a server takes its leave before it is retired; a script that fails is told and does not keep it", async () => {
  const { site } = await launched();
  site.scripts.failing.add(LEAVE[0] ?? "");
  const { end, entries } = await run(site, await retirePlan(site, ["app-1"]), { upgrade: "u-2" });
  expect(end).toEqual({ state: "upgraded" });
  expect(site.scripts.of("app-1")).toEqual([...BOOT, ...LEAVE]);
  expect(entries.find(({ step }) => step === "decommission-server")?.evidence).toEqual({
    ran: 1,
    failed: '"app-1" scripts/leave.sh: exit 3: no luck with scripts/leave.sh',
  });
  expect(await recordsIn(site, ["app-1"])).toEqual([]);
});

test.each([
  // The first one has 5 s of its own, the second what is left of 8 s.
  [
    8,
    {
      failed: `"app-1" ${LEAVE[0]}: its time was over: it printed nothing; "app-1" ${LEAVE[1]}: its time was over: it printed nothing`,
    },
  ],
  [4, { failed: `"app-1" ${LEAVE[0]}: its time was over: it printed nothing`, skipped: `"app-1" ${LEAVE[1]}` }],
])(
  "leaving has its time, here %i s: what is over it is ended, what is past it is not run, and both are told",
  async (window, told) => {
    const site = await emptySite();
    const boot = { ...bootWith(), decommissionSeconds: window };
    await run(
      site,
      launchPlan(["app-1"], "keep", () => boot),
    );
    site.scripts.takesMs = 60_000;
    const before = site.site.clock.now();
    const { end, entries } = await run(site, await retirePlan(site, ["app-1"]), { upgrade: "u-2" });
    expect(end).toEqual({ state: "upgraded" });
    expect(entries.find(({ step }) => step === "decommission-server")?.evidence).toEqual({ ran: 0, ...told });
    expect(site.site.clock.now() - before).toBeLessThan(window * 1000 + 1_000);
  },
);

test("killed at any moment while servers take their leave: each script has one try, and the servers go", async () => {
  const names = ["app-1", "app-2"];
  const retire = async (options: RunOptions) => {
    const { site } = await launched(names);
    const ran = await run(site, await retirePlan(site, names), { upgrade: "u-2", ...options });
    return { site, ...ran };
  };
  const wanted = await retire({});
  const telling = tellingMoments(wanted.moments);
  expect(telling.length).toBeGreaterThan(10);
  for (const at of telling) {
    const { site, end } = await retire({ deaths: [at] });
    const what = `died at ${wanted.moments[0]?.[at]}`;
    expect(end, what).toEqual({ state: "upgraded" });
    for (const name of names) expect(site.scripts.of(name), what).toEqual([...BOOT, ...LEAVE]);
    expect(await recordsIn(site, names), what).toEqual([]);
  }
}, 60_000);

test("on the way back of a launch, what was operational takes its leave, and what was stranded is only retired", async () => {
  const site = await emptySite();
  site.scripts.failing.add(`app-2 ${BOOT[1]}`);
  const { end } = await run(site, launchPlan(["app-1", "app-2"], "retire"));
  expect(end).toMatchObject({ state: "rolled-back" });
  expect(site.scripts.of("app-1")).toEqual([...BOOT, ...LEAVE]);
  expect(site.scripts.of("app-2")).toEqual(BOOT.slice(0, 2));
  expect(await recordsIn(site, ["app-1", "app-2"])).toEqual([]);
});
