/** Retires every server of an environment; those with a template take their leave first, as well as they can. */
import { LOCKED, type Provider, type ServerRecord } from "../model/provider.ts";
import { asProblem } from "../model/problem.ts";
import { seenTemplate } from "../model/template/server-state.ts";
import type { World } from "../model/world.ts";
import { decommission } from "../steps/parts/decommission.ts";
import { contextFor, type Known } from "./step-context.ts";

export interface TakenDown {
  retired: number;
  /** What decommission scripts did not do; none of it has kept a server. */
  troubles: string[];
}

/** In the names of their jobs; a server is taken down once. */
const DOWN = "down";

const NO_UPGRADE: Known = {
  ...{ evidenceOf: async () => null, openOverrides: async () => [] },
  ...{ tell: async () => {}, sessionsCut: async () => null },
};

export async function retireAll(world: World): Promise<TakenDown> {
  const { provider, environment } = world;
  const records = await provider.list(environment);
  const troubles = await Promise.all(records.map((record) => takeLeave(world, record)));
  await Promise.all(records.map((record) => retireThough(provider, record)));
  return { retired: records.length, troubles: troubles.flat() };
}

async function takeLeave(world: World, record: ServerRecord): Promise<string[]> {
  if (seenTemplate(record) === null) return [];
  try {
    const signal = new AbortController().signal;
    const context = contextFor(world.clock, { upgrade: DOWN, round: 1 }, world, signal, NO_UPGRADE);
    const { failed, skipped } = await decommission(context, record.name);
    return [...failed, ...skipped.map((run) => `${run}: not run, the time was over`)].map((told) =>
      world.redact(`"${record.name}" ${told}`),
    );
  } catch (error) {
    return [world.redact(`"${record.name}": ${asProblem(error).text.why}`)];
  }
}

/** The upgrade that locked it is over, or stuck for good: its lock goes with it. */
export async function retireThough(provider: Provider, { environment, name, labels }: ServerRecord): Promise<void> {
  const { [LOCKED]: lock, ...rest } = labels;
  if (lock !== undefined) await provider.relabel(environment, name, rest);
  await provider.retire(environment, name);
}
