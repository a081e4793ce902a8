/** The scaling groups of one control plane: looks at each that is enabled, and starts at most one change at a time. */
import { asProblem } from "../model/problem.ts";
import { whileAlone } from "../store/backup-requests.ts";
import { ownEnvironments, type SavedEnvironment } from "../store/environments.ts";
import { unfinishedUpgrade } from "../store/upgrades.ts";
import { groupOf, stateOf } from "./group-sight.ts";
import { byItself, type GroupParts, type Groups } from "./groups.ts";
import { repeat } from "./repeat.ts";

const LOOK_EVERY_MS = 5_000;
/** What can't be looked at or started now is let alone for so long. */
const PAUSE_MS = 30_000;

export function runGroups(parts: GroupParts, groups: Groups): { stop(): Promise<void> } {
  return repeat(createGroupLoop(parts, groups), LOOK_EVERY_MS, console.error);
}

export function createGroupLoop(
  { store, clock, record }: Pick<GroupParts, "store" | "clock" | "record">,
  groups: Pick<Groups, "wants" | "act">,
): () => Promise<void> {
  const refused = new Map<string, { until: number; why: string }>();
  const isIdle = async (saved: SavedEnvironment): Promise<boolean> => {
    const settings = groupOf(saved);
    if (!settings || (refused.get(saved.name)?.until ?? 0) > clock.now()) return true;
    if (!(await stateOf(store, saved.name, settings)).enabled) return true;
    return (await unfinishedUpgrade(store, saved.name)) !== null;
  };
  const serve = async (saved: SavedEnvironment): Promise<void> => {
    const { name: environment } = saved;
    // Cheap questions first; and nobody holds the lock only to look.
    if ((await isIdle(saved)) || !(await groups.wants(environment))) return;
    await whileAlone(store, environment, () => groups.act(environment), "groups");
    refused.delete(environment);
  };
  return async () => {
    for (const saved of await ownEnvironments(store)) {
      try {
        await serve(saved);
      } catch (error) {
        const { what, why } = asProblem(error).text;
        const told = refused.get(saved.name)?.why === why;
        refused.set(saved.name, { until: clock.now() + PAUSE_MS, why });
        // Told once, however often it is tried.
        if (told) continue;
        const by = byItself(groupOf(saved)?.name ?? "");
        await record({ by, environment: saved.name, upgrade: null, says: what, problem: why });
      }
    }
  };
}
