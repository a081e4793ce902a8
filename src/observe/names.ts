/** Reads where an environment's names lead, each from its authority; one that can't be read says why. */
import type { NameRecord } from "../model/dns-name.ts";
import type { OwnName } from "../model/names.ts";
import { type ProblemData, problemData } from "../model/upgrade.ts";
import type { World } from "../model/world.ts";

export interface SeenName extends OwnName {
  /** Null when it can't be told. */
  record: NameRecord | null;
  problem: ProblemData | null;
}

export async function readNames(world: World, names: readonly OwnName[]): Promise<SeenName[]> {
  const server = await world.names();
  return Promise.all(
    names.map((own) =>
      server.read(own.name).then(
        (record) => ({ ...own, record, problem: null }),
        (error: unknown) => ({ ...own, record: null, problem: problemData(error) }),
      ),
    ),
  );
}
