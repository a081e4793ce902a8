/** Brings the simulated shop up and runs real plans on it, as one control plane or as several after crashes. */
import { type MemoryJournal, memoryJournal } from "../../src/run/memory-journal.ts";
import { runInMemory, type MemoryRun } from "../../src/run/run-in-memory.ts";
import type { End } from "../../src/run/interpret.ts";
import type { Plan } from "../../src/model/plan.ts";
import type { JournalEntry } from "../../src/model/upgrade.ts";
import type { Footprint } from "../../src/model/isolation/footprint.ts";
import type { World } from "../../src/model/world.ts";
import { readInventory } from "../../src/observe/inventory.ts";
import { planBringUp } from "../../src/plan/strategies/bring-up.ts";
import { planMajor } from "../../src/plan/strategies/major/major.ts";
import { SimulatedClock } from "../../src/providers/simulated/clock.ts";
import { Site } from "../../src/providers/simulated/site.ts";
import { createSimulatedWorld } from "../../src/providers/simulated/world.ts";
import { steps } from "../../src/steps/registry.ts";
import { type Mortal, mortal } from "./mortal.ts";
import { artefacts, network, releases, shop } from "./shop.ts";

export interface ShopSite {
  site: Site;
  world: World;
  /** The site that this one is a clone of, or whose backup it comes up with. */
  origin?: Site;
  /** What other environments there are; asked for each time. */
  others?: () => Footprint[];
}

export const bringUpPlan = (): Plan => planBringUp({ definition: shop, network, page: "<h1>soon</h1>", artefacts });

/** A world of its own for looking, which never dies. */
export async function bringUp(known = releases()): Promise<ShopSite> {
  const site = new Site({ definition: shop, clock: new SimulatedClock(), releases: known });
  const world = createSimulatedWorld({ site, clock: site.clock, token: 0 });
  const { end } = await run({ site, world }, bringUpPlan(), { upgrade: "u-up" });
  if (end.state !== "upgraded") throw new Error(`the shop did not come up: ${JSON.stringify(end)}`);
  return { site, world };
}

export async function planUpgrade(
  { world }: ShopSite,
  to = "2",
  failAt: string | null = null,
  keepSeconds = 0,
): Promise<Plan> {
  const definition = { ...shop, limits: { ...shop.limits, keepSeconds } };
  return planMajor({ definition, network, inventory: await readInventory(world), to, artefacts, failAt });
}

export interface RunOptions {
  upgrade?: string;
  /** Moments at which the first, second … control plane dies; the last one lives. */
  deaths?: readonly number[];
  watch?: (moment: string) => void | Promise<void>;
  /** Told of each control plane, before it begins. */
  born?: (plane: Mortal) => void;
  ask?: MemoryRun["ask"];
  wayBackAsked?: AbortSignal;
  sessionsCut?: MemoryRun["sessionsCut"];
  journal?: MemoryJournal;
  entry?: MemoryRun["entry"];
  round?: number;
}

export interface Ran {
  end: End;
  entries: JournalEntry[];
  /** Of every control plane in turn. */
  moments: string[][];
}

let lastToken = 0;
/** Each control plane has a newer one than all before it. */
export const nextToken = (): number => ++lastToken;

export async function run({ site, origin, others }: ShopSite, plan: Plan, options: RunOptions = {}): Promise<Ran> {
  const upgrade = options.upgrade ?? "u-1";
  const journal = options.journal ?? memoryJournal(upgrade, site.clock);
  const moments: string[][] = [];
  for (const diesAt of [...(options.deaths ?? []), null]) {
    const plane = mortal(site.clock, diesAt, options.watch);
    moments.push(plane.moments);
    options.born?.(plane);
    const { clock, passing } = plane;
    const world = createSimulatedWorld({ site, clock, token: nextToken(), passing, origin, others });
    const { ask, wayBackAsked, sessionsCut, entry, round } = options;
    const going = runInMemory({
      plan,
      definitions: steps,
      world,
      clock: plane.clock,
      upgrade,
      journal: plane.journal(journal),
      ask,
      wayBackAsked,
      sessionsCut,
      entry,
      round,
    });
    const ended = await Promise.race([going, plane.died]);
    if (ended) return { ...ended, moments };
  }
  throw new Error("the last control plane died");
}
