/** What servers booted with, read from the servers themselves: so that one can be launched again exactly as it was. */
import { asProblem } from "../model/problem.ts";
import { seenTemplate } from "../model/template/server-state.ts";
import type { World } from "../model/world.ts";
import type { Boot } from "../plan/boot.ts";
import { launchOn, manifestOn } from "../steps/parts/template-tree.ts";
import { bootFrom } from "./launches.ts";

/** By server; one without a template, or that does not answer, is not in it. */
export async function bootsIn({ provider, environment }: World): Promise<ReadonlyMap<string, Boot>> {
  const records = (await provider.list(environment)).filter((record) => seenTemplate(record) !== null);
  const seen = records.map(async (record): Promise<[string, Boot][]> => {
    try {
      const host = provider.hostOf(record);
      const [launch, manifest] = [await launchOn(host), await manifestOn(host)];
      if (!launch || !manifest) return [];
      const { resolved: _, ...wanted } = launch;
      return [[record.name, bootFrom(wanted, manifest)]];
    } catch (error) {
      if (["unreachable", "not-found"].includes(asProblem(error).kind)) return [];
      throw error;
    }
  });
  return new Map((await Promise.all(seen)).flat());
}
