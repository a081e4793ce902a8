/** Laws of upgrades whose servers have a template: they boot before the release, and the old ones take their leave. */
import { expect, test } from "vitest";
import { minorStrategies } from "../../src/model/plan.ts";
import { readInventory } from "../../src/observe/inventory.ts";
import { likenessOf } from "../../src/plan/likeness.ts";
import type { Boot } from "../../src/plan/boot.ts";
import { readBlue } from "../../src/plan/blue.ts";
import { planBringUp } from "../../src/plan/strategies/bring-up.ts";
import { planClone } from "../../src/plan/strategies/clone.ts";
import { planMajor } from "../../src/plan/strategies/major/major.ts";
import { planMinor } from "../../src/plan/strategies/minor/minor.ts";
import { seenTemplate } from "../../src/model/template/server-state.ts";
import { minorShop } from "./minor.ts";
import { tellingMoments } from "./moments.ts";
import { leftOnLoadBalancers } from "./picture.ts";
import { run, type RunOptions } from "./run.ts";
import { artefacts, network, shop } from "./shop.ts";
import { BOOT, bootWith, emptySite, LEAVE, type TemplatedSite } from "./templated.ts";

const boot = () => bootWith();

async function broughtUp(): Promise<TemplatedSite> {
  const site = await emptySite();
  const plan = planBringUp({ definition: shop, network, page: "<h1>soon</h1>", artefacts, boot });
  const { end } = await run(site, plan, { upgrade: "u-up" });
  expect(end).toEqual({ state: "upgraded" });
  return site;
}

async function upgraded(options: RunOptions = {}, prepare: (site: TemplatedSite) => void = () => {}) {
  const site = await broughtUp();
  const inventory = await readInventory(site.world);
  const plan = planMajor({ definition: shop, network, inventory, to: "2", artefacts, failAt: null, boot });
  prepare(site);
  const ran = await run(site, plan, options);
  return { site, plan, ...ran };
}

async function applicationsIn({ world }: TemplatedSite) {
  const { applications } = await readInventory(world);
  return applications.map(({ record, installed, roles }) => ({
    name: record.name,
    release: installed?.release ?? null,
    web: roles.web,
    state: seenTemplate(record)?.state ?? null,
    kept: record.labels.kept ?? null,
  }));
}

const serving = (name: string, release: string) => ({
  name,
  release,
  web: "running",
  state: "operational",
  kept: null,
});

test("servers that an environment comes up with are booted before the release is put on them", async () => {
  const site = await broughtUp();
  expect(await applicationsIn(site)).toEqual([serving("app-1", "1"), serving("burst-1", "1")]);
  for (const name of ["app-1", "burst-1"]) expect(site.scripts.of(name)).toEqual(BOOT);
});

test("an upgrade boots the new servers, and the old ones take their leave before they are retired", async () => {
  const { site, end, entries } = await upgraded();
  expect(end).toEqual({ state: "upgraded" });
  expect(await applicationsIn(site)).toEqual([serving("app-2", "2"), serving("burst-2", "2")]);
  for (const name of ["app-2", "burst-2"]) expect(site.scripts.of(name)).toEqual(BOOT);
  for (const name of ["app-1", "burst-1"]) expect(site.scripts.of(name)).toEqual([...BOOT, ...LEAVE]);
  // The one with which the group was proven to grow came and went.
  expect(site.scripts.of("burst-3")).toEqual([...BOOT, ...LEAVE]);
  expect(leftOnLoadBalancers(site.site)).toEqual([]);
  const steps = entries.map(({ step }) => step);
  expect(steps.lastIndexOf("decommission-server")).toBeLessThan(steps.indexOf("retire-servers"));
});

test.each(["app-2", "burst-2"])(
  "where %s is stranded, the way back is taken before anybody notices, and it is kept",
  async (name) => {
    const { site, end } = await upgraded({}, ({ scripts }) => scripts.failing.add(`${name} ${BOOT[1]}`));
    expect(end).toMatchObject({ state: "rolled-back", reason: { what: `"${name}" is stranded at ${BOOT[1]}` } });
    const seen = await applicationsIn(site);
    expect(seen.filter(({ kept }) => kept === null)).toEqual([serving("app-1", "1"), serving("burst-1", "1")]);
    expect(seen.find((one) => one.name === name)).toMatchObject({ state: "stranded", kept: "diagnosis of u-1" });
    expect(leftOnLoadBalancers(site.site)).toEqual([]);

    // The next upgrade takes those that were kept along; the stranded one has no leave to take.
    site.scripts.failing.clear();
    site.scripts.ran.length = 0;
    const inventory = await readInventory(site.world);
    const again = planMajor({ definition: shop, network, inventory, to: "2", artefacts, failAt: null, boot });
    expect((await run(site, again, { upgrade: "u-2" })).end).toEqual({ state: "upgraded" });
    expect(site.scripts.of(name)).toEqual([]);
    expect((await applicationsIn(site)).map(({ state, kept }) => [state, kept])).toEqual([
      ["operational", null],
      ["operational", null],
    ]);
  },
);

/** As a rehearsal makes one, with machines of its own that have the template's scripts. */
async function clonedFrom(origin: TemplatedSite, inputs: Parameters<typeof bootWith>[0]) {
  const definition = { ...shop, environment: "shop-rehearsal" };
  const clone = await emptySite(definition, origin);
  const blue = readBlue(await readInventory(origin.world));
  const of = { origin: shop.environment, blue, boot: () => bootWith(inputs) };
  const plan = planClone({ definition, network: { prefix: "127.1.2" }, page: "<h1>soon</h1>", artefacts, ...of });
  return { clone, ...(await run(clone, plan, { upgrade: "u-clone" })) };
}

test("on a clone the scripts are told that it is one", async () => {
  const { clone, end } = await clonedFrom(await broughtUp(), {});
  expect(end).toEqual({ state: "upgraded" });
  expect(clone.scripts.ran.length).toBe(2 * BOOT.length);
  for (const { env } of clone.scripts.ran) expect(env).toMatchObject({ REHEARSAL: "1", ENVIRONMENT: "shop-rehearsal" });
});

test("a clone whose scripts would be led to what serves is not booted", async () => {
  const origin = await broughtUp();
  const [theirs] = await origin.world.provider.list(shop.environment);
  const peer = { value: { text: `https://${theirs?.address}/` }, level: "environment", from: "shop" } as const;
  const { clone, end } = await clonedFrom(origin, { PEER: peer });
  expect(end).toMatchObject({ state: "rolled-back", reason: { why: `input PEER holds ${theirs?.address}` } });
  expect(clone.scripts.ran).toEqual([]);
});

test("the same template with other values is the same plan in staging, another revision is not", async () => {
  const site = await broughtUp();
  const inventory = await readInventory(site.world);
  const like = (change: (boot: Boot) => Boot) => {
    const of = { definition: shop, network, inventory, to: "2", artefacts, failAt: null };
    return likenessOf(planMajor({ ...of, boot: () => change(bootWith()) }));
  };
  const wanted = like((one) => one);
  const mode = { MODE: { value: { text: "staging" }, level: "environment", from: "shop" } } as const;
  expect(like(() => ({ ...bootWith(mode), waitMs: 1, decommissionSeconds: 1 }))).toBe(wanted);
  expect(like((one) => ({ ...one, launch: { ...one.launch, size: "tiny" } }))).toBe(wanted);
  const other = { name: "app", revision: 2, hash: "b".repeat(32) };
  expect(like((one) => ({ ...one, launch: { ...one.launch, template: other } }))).not.toBe(wanted);
  expect(like((one) => ({ ...one, launch: { ...one.launch, image: "another" } }))).not.toBe(wanted);
});

test("killed while a new server boots or an old one leaves, it goes on: no script runs twice", async () => {
  const wanted = await upgraded();
  const [all = []] = wanted.moments;
  // Each is a whole upgrade; every moment of a boot and of a leave has a law of its own.
  const telling = tellingMoments(wanted.moments)
    .filter((at) => /boot-|decommission|Boot "|template/.test(all[at] ?? ""))
    .filter((_, turn) => turn % 3 === 0);
  expect(telling.length).toBeGreaterThan(8);
  const runs = (site: TemplatedSite) => site.scripts.ran.map(({ server, script }) => `${server} ${script}`).sort();
  for (const at of telling) {
    const { site, end } = await upgraded({ deaths: [at] });
    expect(end, `died at ${all[at]}`).toEqual({ state: "upgraded" });
    expect(runs(site), `died at ${all[at]}`).toEqual(runs(wanted.site));
  }
}, 60_000);

test.each(minorStrategies)(
  "a minor upgrade by %s boots whom it launches, and whoever goes takes his leave",
  async (strategy) => {
    const site = await broughtUp();
    Object.assign(site.site.releases, { "2": { schema: ["rows", "add notices"], migration: "good", web: "good" } });
    const definition = { ...shop, minor: minorShop.minor };
    // A canary is judged by answers, and nobody asks here.
    const asked = { ...definition, minor: { ...definition.minor, samples: 0 } };
    const inventory = await readInventory(site.world);
    const plan = planMinor({ definition: asked, network, inventory, strategy, to: "2", artefacts, failAt: null, boot });
    expect((await run(site, plan)).end).toEqual({ state: "upgraded" });
    const launches = strategy !== "in-place";
    const [now, gone] = launches
      ? [
          ["app-2", "burst-2"],
          ["app-1", "burst-1"],
        ]
      : [["app-1", "burst-1"], []];
    expect(await applicationsIn(site)).toEqual(now.map((name) => serving(name, "2")));
    for (const name of now) expect(site.scripts.of(name), name).toEqual(BOOT);
    for (const name of gone) expect(site.scripts.of(name), name).toEqual([...BOOT, ...LEAVE]);
    // Whoever was launched for a proof alone came and went.
    const alone = launches ? ["burst-3"] : ["burst-2", "trial-1"];
    for (const name of alone) expect(site.scripts.of(name), name).toEqual([...BOOT, ...LEAVE]);
    expect(leftOnLoadBalancers(site.site)).toEqual([]);
  },
);
