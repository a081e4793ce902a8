/** Sees a scaling group as it is: what is set, what people said, what was tried and voted, and the world, at one moment. */
import type { Clock } from "../model/clock.ts";
import type { GroupState } from "../model/group/life.ts";
import { type GroupPicture, pictureOf } from "../model/group/life.ts";
import { type GroupSettings, settingsOf } from "../model/group/settings.ts";
import { Problem } from "../model/problem.ts";
import type { World } from "../model/world.ts";
import { type GroupSource, groupIn, readGroup, type SeenGroup, type SeenMember } from "../observe/group.ts";
import type { SavedEnvironment } from "../store/environments.ts";
import { findGroup, resizesOf } from "../store/groups.ts";
import { locksOf } from "../store/locks.ts";
import { findPlan } from "../store/plans.ts";
import { lentTo } from "../store/rehearsals.ts";
import type { Store } from "../store/store.ts";
import { unfinishedUpgrade } from "../store/upgrades.ts";
import { votesFor } from "../store/votes.ts";
import { within } from "./world-use.ts";

export interface GroupSight extends Omit<GroupPicture, "members"> {
  environment: string;
  members: (SeenMember & { sickSince: number | null })[];
}

export interface SightParts {
  store: Store;
  clock: Clock;
  /** For looking. */
  world(environment: string): Promise<World>;
}

export interface Sight {
  /** Looks at the world, or takes what somebody has just seen of it. */
  see(saved: SavedEnvironment, source?: GroupSource): Promise<GroupSight>;
}

export const groupOf = ({ definition }: Pick<SavedEnvironment, "definition">): GroupSettings | null =>
  definition.application.group ? settingsOf(definition.application.group) : null;

/** Remembers since when a server is unhealthy: that is the one thing that no server knows of itself. */
export function createSight({ store, clock, world }: SightParts): Sight {
  const sick = new Map<string, number>();
  const sickSince = (environment: string, { members }: SeenGroup): GroupSight["members"] => {
    const now = clock.now();
    for (const key of sick.keys()) {
      const [of, name] = key.split("/");
      if (of === environment && !members.some((one) => one.name === name && !one.healthy)) sick.delete(key);
    }
    return members.map((member) => {
      const key = `${environment}/${member.name}`;
      if (!member.healthy && !sick.has(key)) sick.set(key, now);
      return { ...member, sickSince: sick.get(key) ?? null };
    });
  };
  return {
    async see(saved, source) {
      const { name: environment } = saved;
      const settings = mustHaveGroup(saved);
      const of = { environment, group: settings.name };
      const seen = source
        ? groupIn(source, settings.name)
        : await within(world(environment), (looked) => readGroup(looked, settings.name));
      const members = sickSince(environment, seen);
      const picture = pictureOf({
        settings,
        state: await stateOf(store, environment, settings),
        members,
        servers: seen.servers,
        votes: await votesFor(store, environment, settings.name),
        history: await resizesOf(store, of),
        hindrance: (await hindranceOf(store, environment)) ?? seen.hindrance,
        now: clock.now(),
      });
      return { ...picture, environment, members };
    },
  };
}

/** Until somebody says something it is as its file says. */
export async function stateOf(store: Store, environment: string, settings: GroupSettings): Promise<GroupState> {
  const said = await findGroup(store, { environment, group: settings.name });
  return (
    said ?? { enabled: settings.enabled, by: null, since: null, reason: "", failuresFrom: null, min: null, max: null }
  );
}

/** What stands in the way of every change of an environment, as the store knows it. */
async function hindranceOf(store: Store, environment: string): Promise<string | null> {
  const busy = await unfinishedUpgrade(store, environment);
  if (busy) {
    const what = (await findPlan(store, busy.planHash))?.strategy ?? "upgrade";
    return `${what} "${busy.id}" is ${busy.state}`;
  }
  const rehearsal = await lentTo(store, environment);
  if (rehearsal) return `it is being cloned for rehearsal "${rehearsal}"`;
  const lock = (await locksOf(store, environment)).find(({ server }) => server === null);
  return lock ? `the environment is locked by ${lock.by}: ${lock.reason}` : null;
}

/** By the environment's file; with a name, that one. */
export function mustHaveGroup(saved: SavedEnvironment, named?: string): GroupSettings {
  const settings = groupOf(saved);
  if (settings && (named === undefined || named === settings.name)) return settings;
  throw new Problem("not-found", {
    what: `environment "${saved.name}" has no scaling group${named === undefined ? "" : ` "${named}"`}`,
    why: settings ? `its group is "${settings.name}"` : "its file has no `application.group`",
    next: settings
      ? `changeover group list ${saved.name}`
      : "add it (docs/operate/groups.md), then: changeover up environment.yaml",
  });
}
