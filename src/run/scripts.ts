/** What people do with the scripts of server templates: list them, run one on some servers, say that a server is mended. */
import type { Host } from "../model/host.ts";
import type { LaunchValue } from "../model/launch.ts";
import { Problem } from "../model/problem.ts";
import type { ServerRecord } from "../model/provider.ts";
import type { Manifest } from "../model/template/manifest.ts";
import { launchValues } from "../model/template/process-inputs.ts";
import { seenTemplate } from "../model/template/server-state.ts";
import type { World } from "../model/world.ts";
import { planForceOperational } from "../plan/strategies/force-operational.ts";
import { type Candidate, type LeftOut, planRunScript, type Selection } from "../plan/strategies/run-script.ts";
import { each } from "../steps/parts/each.ts";
import { launchOn, manifestOn, templateOn } from "../steps/parts/template-tree.ts";
import type { Store } from "../store/store.ts";
import { unfinishedUpgrade } from "../store/upgrades.ts";
import { type ScriptsView, viewScripts } from "../view/scripts.ts";
import type { Engine } from "./engine.ts";
import type { Environments } from "./environments.ts";
import { occupied } from "./requests.ts";

export interface ScriptParts {
  store: Store;
  engine: Engine;
  environments: Environments;
}

export interface ScriptWish {
  script: string;
  selection: Selection;
  /** For this run only. */
  given: Record<string, LaunchValue>;
}

export interface ScriptRun {
  /** Null when it was only planned. */
  upgrade: string | null;
  /** In order. */
  servers: string[];
  leftOut: LeftOut[];
}

export interface Scripts {
  list(environment: string): Promise<ScriptsView>;
  run(environment: string, wish: ScriptWish & { by: string; yes: boolean; dryRun: boolean }): Promise<ScriptRun>;
  /** Gives the run's id. */
  force(environment: string, server: string, by: string): Promise<string>;
}

export function openScripts(parts: ScriptParts): Scripts {
  const { store, engine, environments } = parts;
  const ground = async (environment: string) => {
    const { definition } = await environments.find(environment);
    const busy = await unfinishedUpgrade(store, environment);
    if (busy) throw occupied(environment, busy);
    return definition;
  };
  return {
    async list(environment) {
      await environments.find(environment);
      return environments.look(environment, async (world) =>
        viewScripts({ environment, now: world.clock.now(), candidates: await candidatesIn(world) }),
      );
    },
    async run(environment, { script, selection, given, by, yes, dryRun }) {
      const definition = await ground(environment);
      const [candidates, release] = await environments.look(environment, async (world) => [
        await candidatesIn(world),
        await releaseIn(world, definition.release),
      ]);
      const gateMs = definition.limits.gateSeconds * 1000;
      const wish = { environment, release, script, selection, given, candidates, gateMs };
      const { plan, servers, leftOut } = planRunScript(wish);
      const upgrade = dryRun ? null : await engine.startUpgrade(plan, { yes, by });
      return { upgrade, servers, leftOut };
    },
    async force(environment, server, by) {
      const definition = await ground(environment);
      const plan = await environments.look(environment, async (world) => {
        const records = await world.provider.list(environment);
        const record = records.find(({ name }) => name === server);
        if (!record) throw noServer(environment, server);
        const release = await releaseIn(world, definition.release);
        return planForceOperational({ environment, release, record, by, drops: await keptOf(world, record, records) });
      });
      return engine.startUpgrade(plan, { yes: true, by });
    },
  };
}

/** Every server with a template that is there, whatever its state. */
async function candidatesIn(world: World): Promise<Candidate[]> {
  const records = (await world.provider.list(world.environment)).filter((record) => seenTemplate(record) !== null);
  return each(records, async (record) => {
    const host = await world.host(record.name);
    const [hash, manifest, kept] = [await templateOn(host), await readableOn(host), await launchOn(host)];
    return { record, hash, manifest, inputs: kept ? Object.keys(launchValues(kept)) : [] };
  });
}

/** One that this release can't read takes nothing from the other servers. */
async function readableOn(host: Host): Promise<Manifest | null> {
  try {
    return await manifestOn(host);
  } catch (error) {
    if (error instanceof Problem && error.kind === "bad-input") return null;
    throw error;
  }
}

/** What serves, as far as the servers say it. */
async function releaseIn(world: World, otherwise: string): Promise<string> {
  const records = await world.provider.list(world.environment);
  const served = records.find(({ kind, labels }) => kind === "application" && labels.kept === undefined);
  if (!served) return otherwise;
  return (await (await world.application(served.name)).installed())?.release ?? otherwise;
}

/** One of the pool that serves is one of them again; one of another generation goes with the next upgrade all the same. */
async function keptOf(world: World, record: ServerRecord, records: readonly ServerRecord[]): Promise<string | null> {
  const { kept, slot } = record.labels;
  if (kept === undefined) return null;
  const balancer = records.find(({ kind, labels }) => kind === "load-balancer" && labels.kept === undefined);
  const serving = balancer ? await (await world.loadBalancer(balancer.name)).readRoute("public") : null;
  return slot === undefined || slot === serving ? kept : null;
}

const noServer = (environment: string, server: string): Problem =>
  new Problem("not-found", {
    what: `there is no server "${server}" in "${environment}"`,
    why: "it was retired, or never launched",
    next: `changeover script list ${environment}`,
  });
