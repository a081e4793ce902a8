/** What people and the group itself do with a scaling group: enable, disable, launch, terminate, bound, vote, delete. */
import type { Activity } from "../model/activity.ts";
import { whyNotDelete, whyNotLaunch, whyNotTerminate } from "../model/group/by-hand.ts";
import { boundsAt, type SetByPeople } from "../model/group/bounds.ts";
import { inOrderOfAge, nextAction } from "../model/group/life.ts";
import type { Inventory } from "../model/inventory.ts";
import type { Plan } from "../model/plan.ts";
import { Problem } from "../model/problem.ts";
import type { VoteKind } from "../model/vote.ts";
import { sourceIn } from "../observe/group.ts";
import { planGrow } from "../plan/strategies/group/grow.ts";
import { planShrink } from "../plan/strategies/group/shrink.ts";
import { lockEnvironment, saveEnvironment } from "../store/environments.ts";
import { forgetGroup, sayBounds, sayEnabled } from "../store/groups.ts";
import { unfinishedUpgrade } from "../store/upgrades.ts";
import { castVote, takeBackVote } from "../store/votes.ts";
import { drawNext, type GroupView, viewGroup } from "../view/groups.ts";
import { mustBeNobodysClone } from "./clones.ts";
import type { Engine } from "./engine.ts";
import { networkOf, roomIn } from "./addressing.ts";
import type { Environments } from "./environments.ts";
import type { Launches } from "./launches.ts";
import { createSight, type GroupSight, groupOf, mustHaveGroup, type SightParts } from "./group-sight.ts";
import { occupied } from "./requests.ts";

export interface GroupParts extends SightParts {
  engine: Engine;
  environments: Environments;
  launches: Launches;
  record(done: Omit<Activity, "at">): Promise<void>;
}

export interface GroupName {
  environment: string;
  group: string;
}

export interface Groups {
  /** Empty when the environment has none. With what somebody has just seen, the world is not looked at again. */
  list(environment: string, inventory?: Inventory): Promise<GroupView[]>;
  show(of: GroupName): Promise<GroupView>;
  setEnabled(of: GroupName, said: { enabled: boolean; by: string; reason: string }): Promise<GroupView>;
  /** Left out stays, null goes back to the file's and the schedule's. */
  setBounds(of: GroupName, bounds: Partial<SetByPeople>): Promise<GroupView>;
  /** Each of these starts a run and gives its id. */
  launch(of: GroupName, asked: { servers: number; by: string }): Promise<string>;
  /** Those that are named, or so many of the oldest. */
  terminate(of: GroupName, asked: { servers: string[] | number; by: string }): Promise<string>;
  /** Null takes it back. */
  vote(of: GroupName, voter: string, vote: VoteKind | null): Promise<GroupView>;
  delete(of: GroupName): Promise<void>;
  /** One look: is there something that it is to do by itself? */
  wants(environment: string): Promise<boolean>;
  /** Looks again, and does the one thing that comes next by itself. */
  act(environment: string): Promise<void>;
}

type Change = { launch: number } | { terminate: string[] };

export function openGroups(parts: GroupParts): Groups {
  const { store, environments, clock } = parts;
  const sight = createSight(parts);
  const see = async ({ environment, group }: GroupName): Promise<GroupSight> => {
    const saved = await environments.find(environment);
    mustHaveGroup(saved, group);
    return sight.see(saved);
  };
  const view = async (of: GroupName): Promise<GroupView> => viewGroup(await see(of));
  const change = async (seen: GroupSight, wanted: Change, asked: { by: string; because: string }) =>
    parts.engine.startUpgrade(await planOf(parts, seen, wanted, asked.because), { yes: true, by: asked.by });
  const byHand = (by: string) => ({ by, because: `asked for by ${by}` });
  return {
    async list(environment, inventory) {
      const saved = await environments.find(environment);
      if (!groupOf(saved)) return [];
      return [viewGroup(await sight.see(saved, inventory && sourceIn(inventory)))];
    },
    show: view,
    async setEnabled(of, said) {
      mustHaveGroup(await environments.find(of.environment), of.group);
      await sayEnabled(store, of, said);
      return view(of);
    },
    async setBounds(of, bounds) {
      await setBounds(parts, of, await see(of), bounds);
      return view(of);
    },
    async launch(of, { servers, by }) {
      const seen = await see(of);
      mustBe(of, whyNotLaunch(seen, servers), `can't launch ${servers}`);
      return change(seen, { launch: servers }, byHand(by));
    },
    async terminate(of, { servers, by }) {
      const seen = await see(of);
      const open = inOrderOfAge(seen.members.filter(({ locked }) => locked === null));
      const names = typeof servers === "number" ? open.slice(0, servers).map(({ name }) => name) : servers;
      const none = names.length === 0 ? "it has none that is not locked" : null;
      mustBe(of, none ?? whyNotTerminate(seen, names), `can't terminate ${names.join(", ") || servers}`);
      return change(seen, { terminate: [...new Set(names)] }, byHand(by));
    },
    async vote(of, voter, vote) {
      const { environment, group } = of;
      mustHaveGroup(await environments.find(environment), group);
      if (vote === null) await takeBackVote(store, environment, group, voter);
      else await castVote(store, { environment, group, voter, vote, at: clock.now() });
      return view(of);
    },
    async delete(of) {
      mustBe(of, whyNotDelete(await see(of)), "can't be deleted");
      await deleteGroup(parts, of);
    },
    wants: async (environment) => nextAction(await sight.see(await environments.find(environment))).act !== "nothing",
    async act(environment) {
      const seen = await sight.see(await environments.find(environment));
      const next = nextAction(seen);
      if (next.act === "nothing") return;
      const { name: group } = seen.settings;
      const by = byItself(group);
      let upgrade: string | null = null;
      if (next.act === "disable")
        await sayEnabled(store, { environment, group }, { enabled: false, by, reason: next.because });
      else {
        const wanted = next.act === "launch" ? { launch: next.servers } : { terminate: next.servers };
        upgrade = await change(seen, wanted, { by, because: next.because });
      }
      await parts.record({ by, environment, upgrade, says: drawNext(next), problem: null });
    },
  };
}

/** Who asks when nobody does. */
export const byItself = (group: string): string => `group ${group}`;

/** From one look at everything: what was decided on must still be so. */
async function planOf(
  { environments, clock, launches }: GroupParts,
  { environment, settings, members }: GroupSight,
  wanted: Change,
  because: string,
): Promise<Plan> {
  const saved = await environments.find(environment);
  mustBeNobodysClone(saved);
  const inventory = await environments.inventory(environment);
  const input = {
    definition: saved.definition,
    network: networkOf(saved, inventory),
    inventory,
    boot: await launches.bootOf(saved.definition, saved.definitionPath),
    group: settings.name,
    has: members.map(({ name }) => name),
    because,
  };
  return "launch" in wanted
    ? planGrow({ ...input, servers: wanted.launch, now: clock.now() })
    : planShrink({ ...input, leaving: wanted.terminate });
}

async function setBounds(
  { store, environments, clock }: GroupParts,
  of: GroupName,
  { settings, state }: GroupSight,
  wanted: Partial<SetByPeople>,
): Promise<void> {
  const min = wanted.min === undefined ? state.min : wanted.min;
  const max = wanted.max === undefined ? state.max : wanted.max;
  const base = boundsAt(settings, { min: null, max: null }, clock.now());
  const saved = await environments.find(of.environment);
  const fixed = saved.definition.application.servers;
  const room = roomIn(saved, fixed);
  const [least, most] = [min ?? base.min, max ?? base.max];
  const why =
    least > most
      ? `at least ${least} and at most ${most} can't be`
      : most > room
        ? `its network has room for ${room} servers beside the ${fixed} fixed ones`
        : null;
  mustBe(of, why, "can't have these bounds");
  await sayBounds(store, of, { min, max, enabled: state.enabled });
}

async function deleteGroup({ store, environments }: GroupParts, of: GroupName): Promise<void> {
  const saved = await environments.find(of.environment);
  const { group: _, ...application } = saved.definition.application;
  await store.transaction(async (db) => {
    await lockEnvironment(db, of.environment);
    const busy = await unfinishedUpgrade(db, of.environment);
    if (busy) throw occupied(of.environment, busy);
    await saveEnvironment(db, { ...saved, definition: { ...saved.definition, application } });
    await forgetGroup(db, of);
  });
}

function mustBe({ group }: GroupName, why: string | null, what: string): void {
  if (why === null) return;
  throw new Problem("refused", { what: `group "${group}" ${what}`, why, next: `changeover group show ${group}` });
}
