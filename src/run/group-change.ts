/** What a new environment file may do to the scaling group of an environment that is up: other bounds, not another group. */
import { canonical } from "../model/plan.ts";
import { Problem } from "../model/problem.ts";
import type { World } from "../model/world.ts";
import { readGroup } from "../observe/group.ts";
import { isWide, mostInNarrow, needsWide } from "../plan/addresses.ts";
import type { SavedEnvironment } from "../store/environments.ts";
import type { Store } from "../store/store.ts";
import { groupOf, stateOf } from "./group-sight.ts";
import { within } from "./world-use.ts";

export interface GroupChangeParts {
  store: Store;
  world(environment: string): Promise<World>;
}

/** Gives the name of a group that goes, of which everything is to be forgotten; null when it stays. */
export async function mustTakeGroup(
  parts: GroupChangeParts,
  known: SavedEnvironment,
  wanted: Pick<SavedEnvironment, "definition">,
): Promise<string | null> {
  const [before, after] = [groupOf(known), groupOf(wanted)];
  if (canonical(before) === canonical(after)) return null;
  if (needsWide(wanted.definition) && !isWide(String(known.network.prefix))) {
    const { servers } = wanted.definition.application;
    throw cantChange(
      known.name,
      `its network has room for ${mostInNarrow(servers)} servers of a group`,
      "choose a smaller max",
    );
  }
  if (!before || before.name === after?.name) return null;
  const { enabled } = await stateOf(parts.store, known.name, before);
  const { members } = await within(parts.world(known.name), (world) => readGroup(world, before.name));
  const next = `changeover group disable ${before.name}, then: changeover group terminate ${before.name}`;
  if (enabled) throw cantChange(known.name, `its group "${before.name}" is enabled`, next);
  if (members.length > 0) {
    throw cantChange(known.name, `its group "${before.name}" has ${members.map(({ name }) => name).join(", ")}`, next);
  }
  return before.name;
}

const cantChange = (environment: string, why: string, next: string): Problem =>
  new Problem("refused", { what: `"${environment}" is up and can't change application.group like this`, why, next });
