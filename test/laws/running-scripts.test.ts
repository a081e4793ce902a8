/** Laws of scripts that people run: one server after the other, the first failure is the last run, and who ran is told. */
import { expect, test } from "vitest";
import { type Candidate, planRunScript, type Selection } from "../../src/plan/strategies/run-script.ts";
import { planForceOperational } from "../../src/plan/strategies/force-operational.ts";
import type { UpgradeRecord } from "../../src/model/upgrade.ts";
import { act, inOrder } from "../../src/plan/stage.ts";
import { retireServers } from "../../src/steps/retire-servers.ts";
import { planHash } from "../../src/model/plan.ts";
import { scriptOutcome } from "../../src/view/scripts.ts";
import { viewUpgrade } from "../../src/view/upgrade-view.ts";
import { memoryJournal } from "../../src/run/memory-journal.ts";
import { WayBackWanted } from "../../src/run/way-back.ts";
import { tellingMoments } from "./moments.ts";
import { type Ran, run, type RunOptions } from "./run.ts";
import {
  BOOT,
  emptySite,
  labelsOf,
  launchPlan,
  LEAVE,
  manifest,
  recordsIn,
  retirePlan,
  type TemplatedSite,
} from "./templated.ts";

const STRANDED = `it is stranded at ${BOOT[1]}: exit 3: no luck with ${BOOT[1]}`;
const NAMES = ["app-1", "app-2", "app-3", "app-4"];
/** Launched one after the other, in this order: names do not say who is the oldest. */
const OLDEST_FIRST = ["app-3", "app-1", "app-4", "app-2"];

async function fleet(): Promise<TemplatedSite> {
  const site = await emptySite();
  for (const [at, name] of OLDEST_FIRST.entries()) {
    await run(site, launchPlan([name], "keep"), { upgrade: `u-up${at}` });
  }
  return site;
}

async function candidatesOf(site: TemplatedSite): Promise<Candidate[]> {
  const records = await recordsIn(site, NAMES);
  return Promise.all(
    records.map(async (record) => ({
      record,
      hash: (await (await site.world.host(record.name)).readFile("template/.hash")) ?? "",
      manifest,
      inputs: ["MODE"],
    })),
  );
}

const wishOf = async (site: TemplatedSite, selection: Selection, more: object = {}) => ({
  ...{ environment: "shop", release: "1", script: "report", selection, given: {}, gateMs: 1_000 },
  candidates: await candidatesOf(site),
  ...more,
});

async function runReport(site: TemplatedSite, selection: Selection, options: RunOptions = {}) {
  site.scripts.ran.length = 0;
  const planned = planRunScript(await wishOf(site, selection));
  const ran = await run(site, planned.plan, { upgrade: "u-run", ...options });
  return { planned, ...ran, outcome: outcomeOf(planned, ran) };
}

function outcomeOf(planned: ReturnType<typeof planRunScript>, { end, entries }: Ran) {
  const record = {
    ...{ id: "u-run", environment: "shop", planHash: planHash(planned.plan), state: end.state, problem: null },
    ...{ reason: end.state === "upgraded" ? null : "it failed", startedAt: 0, endedAt: 1, pausedAt: null },
  } as unknown as UpgradeRecord;
  return scriptOutcome("report", viewUpgrade({ record, plan: planned.plan, entries, gates: [] }), planned);
}

const selections: [string, Selection, string[]][] = [
  ["one", { kind: "named", servers: ["app-2"] }, ["app-2"]],
  ["some", { kind: "named", servers: ["app-4", "app-1", "app-2"] }, ["app-4", "app-1", "app-2"]],
  ["all", { kind: "all" }, OLDEST_FIRST],
  ["oldest, then the rest", { kind: "oldest-then-rest", ask: false }, OLDEST_FIRST],
  ["oldest, then the rest, asking", { kind: "oldest-then-rest", ask: true }, OLDEST_FIRST],
];

test.each(selections)(
  "on %s: each in turn, and it stops at the first failure, wherever that is",
  async (_, how, order) => {
    const site = await fleet();
    const good = await runReport(site, how);
    expect(good.end).toEqual({ state: "upgraded" });
    expect(site.scripts.ran.map(({ server }) => server)).toEqual(order);
    expect(site.scripts.ran[0]).toMatchObject({ role: "operational", env: { MODE: "from the template" } });
    expect(good.outcome).toMatchObject({ failed: null, notRun: [] });
    for (const [at, server] of order.entries()) {
      const broken = await fleet();
      broken.scripts.failing.add(`${server} scripts/report.sh`);
      const { end, outcome } = await runReport(broken, how);
      expect(end).toMatchObject({ state: "rolled-back", reason: { what: `report failed on "${server}"` } });
      expect(broken.scripts.ran.map((one) => one.server)).toEqual(order.slice(0, at + 1));
      expect(outcome).toMatchObject({
        ran: order.slice(0, at).map((name) => ({ server: name })),
        failed: { server, why: "exit 3: no luck with scripts/report.sh" },
        notRun: order.slice(at + 1),
      });
    }
  },
);

test("killed at any moment, each server runs the script once, and it goes on", async () => {
  const wanted = await runReport(await fleet(), { kind: "all" });
  const telling = tellingMoments(wanted.moments);
  expect(telling.length).toBeGreaterThan(10);
  for (const at of telling) {
    const site = await fleet();
    const { end } = await runReport(site, { kind: "all" }, { deaths: [at] });
    const what = `died at ${wanted.moments[0]?.[at]}`;
    expect(end, what).toEqual({ state: "upgraded" });
    expect(
      site.scripts.ran.map(({ server }) => server),
      what,
    ).toEqual(OLDEST_FIRST);
  }
}, 60_000);

test("between the oldest and the rest a person may say no: then the rest is left as it is", async () => {
  const site = await fleet();
  const no = { kind: "refused", what: "denied", why: "it looks wrong", next: "" } as const;
  const { end, outcome } = await runReport(site, { kind: "oldest-then-rest", ask: true }, { ask: async () => no });
  expect(end).toMatchObject({ state: "rolled-back" });
  expect(outcome).toMatchObject({ ran: [{ server: "app-3" }], failed: null, notRun: ["app-1", "app-4", "app-2"] });
});

test("told to stop in the middle, the script that runs is ended, and no other begins", async () => {
  const site = await fleet();
  site.scripts.takesMs = 4_000;
  const back = new AbortController();
  const watch = (moment: string) => {
    if (moment.startsWith("after startJob")) site.site.clock.after(100, () => back.abort(new WayBackWanted("enough")));
  };
  const { end, outcome } = await runReport(site, { kind: "all" }, { wayBackAsked: back.signal, watch });
  expect(end).toMatchObject({ state: "rolled-back", reason: { why: "enough" } });
  expect(site.scripts.ran.map(({ server }) => server)).toEqual(["app-3"]);
  expect(await (await site.world.host("app-3")).jobState("script-u-run")).toMatchObject({
    state: "done",
    cancelled: true,
  });
  expect(outcome).toMatchObject({ ran: [], failed: { server: "app-3" }, notRun: ["app-1", "app-4", "app-2"] });
});

test("what is not operational takes no script: named it is refused, of all of them it is left out and told", async () => {
  const site = await fleet();
  await run(site, await retirePlan(site, ["app-4"]), { upgrade: "u-gone" });
  site.scripts.failing.add("app-4 scripts/two.sh");
  await run(site, launchPlan(["app-4"], "keep"), { upgrade: "u-lost" });
  const all = planRunScript(await wishOf(site, { kind: "all" }));
  expect(all.servers).toEqual(["app-3", "app-1", "app-2"]);
  expect(all.leftOut).toEqual([{ server: "app-4", why: STRANDED }]);
  const named = await wishOf(site, { kind: "named", servers: ["app-4"] });
  expect(() => planRunScript(named)).toThrow(`"report" can't be run in "shop" · "app-4": ${STRANDED}`);
});

test("a stranded server is operational on the word of a person, and then takes scripts", async () => {
  const site = await emptySite();
  site.scripts.failing.add(BOOT[2] ?? "");
  await run(site, launchPlan(["app-1"], "keep"), { upgrade: "u-lost" });
  const [record] = await recordsIn(site, ["app-1"]);
  if (!record) throw new Error("it is kept");
  const force = { environment: "shop", release: "1", record, by: "ann", drops: record.labels.kept ?? null };
  const { end } = await run(site, planForceOperational(force), { upgrade: "u-word" });
  expect(end).toEqual({ state: "upgraded" });
  const labels = await labelsOf(site, "app-1");
  expect(labels).toMatchObject({ state: "operational", forcedBy: "ann" });
  expect(Object.keys(labels ?? {})).not.toContain("kept");
  expect((await runReport(site, { kind: "named", servers: ["app-1"] })).end).toEqual({ state: "upgraded" });
  expect(() => planForceOperational({ ...force, record: { ...record, labels: labels ?? {} } })).toThrow("not stranded");
});

test("boot and decommission scripts are run by hand by their paths, and the server stays operational", async () => {
  const site = await fleet();
  for (const script of [BOOT[0] ?? "", LEAVE[0] ?? ""]) {
    site.scripts.ran.length = 0;
    const { plan } = planRunScript(await wishOf(site, { kind: "named", servers: ["app-1"] }, { script }));
    expect((await run(site, plan, { upgrade: `u-${script.length}` })).end).toEqual({ state: "upgraded" });
    expect(site.scripts.of("app-1")).toEqual([script]);
  }
  expect(await labelsOf(site, "app-1")).toMatchObject({ state: "operational" });
});

test("what is given counts for this run only, goes before the launch, and is shown without what is secret", async () => {
  const site = await fleet();
  const given = { MODE: { text: "now" }, LEVEL: { credential: "level" } };
  const wish = await wishOf(site, { kind: "named", servers: ["app-1"] }, { given });
  const { plan } = planRunScript(wish);
  expect(plan.stages[0]?.steps[0]?.says).toBe('Run report on "app-1" with MODE="now", LEVEL=credential level');
  site.scripts.ran.length = 0;
  await run(site, plan, { upgrade: "u-given" });
  expect(site.scripts.ran[0]?.env).toMatchObject({ MODE: "now", LEVEL: "simulated-level" });
  await runReport(site, { kind: "named", servers: ["app-1"] });
  expect(site.scripts.ran[0]?.env).toMatchObject({ MODE: "from the template" });
  expect(Object.keys(site.scripts.ran[0]?.env ?? {})).not.toContain("LEVEL");
});

test("what is missing is asked for by its name, what nobody reads is refused, and so is what is no choice", async () => {
  const site = await fleet();
  const named: Selection = { kind: "named", servers: ["app-1"] };
  const planning = async (more: object) => planRunScript(await wishOf(site, named, more));
  await expect(planning({ script: "rotate" })).rejects.toThrow(/it needs KEEP.*--input KEEP=VALUE/);
  await expect(planning({ script: "rotate", given: { KEEP: { text: "7" } } })).resolves.toBeDefined();
  await expect(planning({ given: { COLOUR: { text: "red" } } })).rejects.toThrow(
    "it does not read COLOUR; it reads MODE",
  );
  await expect(planning({ given: { LEVEL: { text: "9" } } })).rejects.toThrow('LEVEL: "9" is none of 1, 2');
  await expect(planning({ script: "none" })).rejects.toThrow('app@1 has no script "none", but scripts/one.sh');
});

test("a boot that failed gets another try when people set its plan going again, and not before", async () => {
  const site = await emptySite();
  site.scripts.failing.add(BOOT[1] ?? "");
  const plan = launchPlan(["app-1"], "keep");
  // After what can't be undone, a failure waits for a person.
  const bound = act(retireServers, { servers: ["app-9"], pool: null });
  plan.stages.unshift(inOrder("Bind it", "none", [bound]));
  const journal = memoryJournal("u-1", site.site.clock);
  expect((await run(site, plan, { journal })).end).toMatchObject({ state: "stuck" });
  expect(site.scripts.of("app-1")).toEqual(BOOT.slice(0, 2));
  site.scripts.failing.clear();
  expect((await run(site, plan, { journal, round: 2 })).end).toEqual({ state: "upgraded" });
  expect(site.scripts.of("app-1")).toEqual([BOOT[0], BOOT[1], BOOT[1], BOOT[2]]);
});
