/** Servers with a template on simulated machines: scripts that write down that they ran, and fail when they are told to. */
import { createHash } from "node:crypto";
import { buffer } from "node:stream/consumers";
import tar from "tar-stream";
import { stringify } from "yaml";
import type { LaunchInput } from "../../src/model/launch.ts";
import type { Plan, PlanStep } from "../../src/model/plan.ts";
import type { ServerRecord } from "../../src/model/provider.ts";
import { MANIFEST, type Manifest, manifestSchema } from "../../src/model/template/manifest.ts";
import type { Boot } from "../../src/plan/boot.ts";
import { bootSteps, decommissionSteps } from "../../src/plan/boot.ts";
import { act, inOrder } from "../../src/plan/stage.ts";
import { SimulatedClock } from "../../src/providers/simulated/clock.ts";
import type { ProgramContext } from "../../src/providers/simulated/host-processes.ts";
import { Site } from "../../src/providers/simulated/site.ts";
import { createSimulatedWorld } from "../../src/providers/simulated/world.ts";
import { launchServer } from "../../src/steps/launch-server.ts";
import { retireServers } from "../../src/steps/retire-servers.ts";
import type { ShopSite } from "./run.ts";
import { releases, shop } from "./shop.ts";

export const BOOT = ["scripts/one.sh", "scripts/two.sh", "scripts/three.sh"];
export const LEAVE = ["scripts/leave.sh", "scripts/bye.sh"];

export const manifest: Manifest = manifestSchema.parse({
  name: "app",
  runtime: [{ check: "has-runtime" }],
  inputs: { MODE: { text: "from the template" } },
  scripts: {
    boot: BOOT.map((run) => ({ run, seconds: 5, inputs: { MODE: {}, PEER: {} } })),
    operational: {
      report: { run: "scripts/report.sh", seconds: 5, inputs: { MODE: {}, LEVEL: { choices: ["1", "2"] } } },
      rotate: { run: "scripts/rotate.sh", seconds: 5, inputs: { KEEP: { required: true } } },
    },
    decommission: LEAVE.map((run) => ({ run, seconds: 5 })),
    decommissionSeconds: 8,
  },
});

export interface Ran {
  server: string;
  script: string;
  role: string;
  env: Record<string, string>;
}

/** What the scripts of a site did, and what they are told to do. */
export class Scripts {
  readonly ran: Ran[] = [];
  /** `server script`, or only the script: ends with 3 when it is there. */
  readonly failing = new Set<string>();
  /** How long each takes. */
  takesMs = 200;

  readonly names = [...BOOT, ...LEAVE, "scripts/report.sh", "scripts/rotate.sh"];

  /** Each run is written down before it takes its time: one that is run twice is seen twice. */
  programs() {
    const own = this.names.map((script) => [`./${script}`, (context: ProgramContext) => this.#run(script, context)]);
    return { ...Object.fromEntries(own), "has-runtime": () => (this.failing.has("has-runtime") ? 1 : 0) };
  }

  of = (server: string): string[] => this.ran.filter((one) => one.server === server).map(({ script }) => script);

  async #run(script: string, { env, print, sleep }: ProgramContext): Promise<number> {
    const server = env.SERVER_NAME ?? "";
    this.ran.push({ server, script, role: env.ROLE ?? "", env });
    await sleep(this.takesMs);
    if (!this.failing.has(script) && !this.failing.has(`${server} ${script}`)) return 0;
    print(`no luck with ${script}\n`);
    return 3;
  }
}

export interface TemplatedSite extends ShopSite {
  scripts: Scripts;
}

/** An empty site whose machines have the template's scripts. */
export async function emptySite(definition = shop, origin?: TemplatedSite): Promise<TemplatedSite> {
  const scripts = new Scripts();
  const site = new Site({
    definition,
    clock: origin?.site.clock ?? new SimulatedClock(),
    releases: releases(),
    programs: scripts.programs(),
  });
  const packed = await pack(manifest);
  site.artefacts.set(packed.hash, packed.tar);
  const of = origin ? { origin: origin.site } : {};
  return { site, world: createSimulatedWorld({ site, clock: site.clock, token: 0, ...of }), scripts, ...of };
}

async function pack(of: Manifest): Promise<{ hash: string; tar: Buffer }> {
  const archive = tar.pack();
  archive.entry({ name: MANIFEST, mtime: new Date(0) }, stringify(of));
  archive.entry({ name: "scripts/one.sh", mode: 0o755, mtime: new Date(0) }, "#!/bin/sh\n");
  archive.finalize();
  const whole = await buffer(archive);
  return { hash: createHash("sha256").update(whole).digest("hex").slice(0, 32), tar: whole };
}

const { hash } = await pack(manifest);

const told: Record<string, LaunchInput> = {
  MODE: { value: { text: "from the template" }, level: "template", from: "app" },
};

/** As a launch is planned; `inputs` beside the template's own. */
export const bootWith = (inputs: Record<string, LaunchInput> = {}): Boot => ({
  launch: { template: { name: "app", revision: 1, hash }, image: null, size: null, inputs: { ...told, ...inputs } },
  runtime: manifest.runtime.map(({ check }) => check),
  scripts: manifest.scripts.boot.map(({ run, seconds, inputs: all }) => ({ run, seconds, inputs: Object.keys(all) })),
  decommissionSeconds: manifest.scripts.decommissionSeconds,
  waitMs: 5_000,
});

const recordOf = (name: string): ServerRecord => ({
  environment: shop.environment,
  name,
  kind: "application",
  address: `127.1.1.${100 + Number(name.split("-")[1])}`,
  labels: { slot: "a" },
});

const planOf = (name: string, steps: PlanStep[], parallel = false): Plan => ({
  format: 1,
  environment: shop.environment,
  strategy: "bring-up",
  from: "1",
  to: "1",
  stages: [{ ...inOrder(name, "undo it", steps), parallel }],
  afterWayBack: [],
  failAt: null,
});

export const launchPlan = (
  names: readonly string[],
  onUndo: "retire" | "keep",
  boot: (name: string) => Boot = () => bootWith(),
): Plan => ({
  ...planOf("Launch", []),
  stages: [
    inOrder(
      "Launch",
      "undo it",
      names.map((name) => act(launchServer, { record: recordOf(name), ports: [], onUndo })),
    ),
    {
      ...inOrder(
        "Boot",
        "undo it",
        names.flatMap((name) => bootSteps(() => boot(name), recordOf(name), onUndo)),
      ),
      parallel: true,
    },
  ],
});

/** As a plan retires servers: by what their labels say. */
export async function retirePlan({ world }: ShopSite, names: string[]): Promise<Plan> {
  const records = await recordsIn({ world }, names);
  return planOf("Retire", [...decommissionSteps(records), act(retireServers, { servers: names, pool: null })]);
}

export async function recordsIn({ world }: Pick<ShopSite, "world">, names: readonly string[]): Promise<ServerRecord[]> {
  const all = await world.provider.list(shop.environment);
  return names.flatMap((name) => all.find((record) => record.name === name) ?? []);
}

export const labelsOf = async (shopSite: ShopSite, name: string) => (await recordsIn(shopSite, [name]))[0]?.labels;
