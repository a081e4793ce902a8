/** Plans an upgrade of an environment as it is now: gathers what the planner wants to know, and keeps the plan. */
import { announce, startIn } from "../model/announcement.ts";
import type { Difference } from "../model/difference.ts";
import type { EnvironmentDefinition } from "../model/environment.ts";
import type { GuardResult } from "../model/guard.ts";
import type { Inventory } from "../model/inventory.ts";
import { kindOf, type Plan, type UpgradeStrategy } from "../model/plan.ts";
import { Problem } from "../model/problem.ts";
import type { World } from "../model/world.ts";
import { readInventory } from "../observe/inventory.ts";
import { readBlue } from "../plan/blue.ts";
import { planUpgrade } from "../plan/plan-upgrade.ts";
import type { Artefacts } from "../store/artefacts.ts";
import { originOf, type SavedEnvironment } from "../store/environments.ts";
import { savePlan } from "../store/plans.ts";
import type { Store } from "../store/store.ts";
import { unfinishedUpgrade } from "../store/upgrades.ts";
import { networkOf } from "./addressing.ts";
import { readCircumstances } from "./circumstances.ts";
import { atAnyHour } from "./clones.ts";
import { mustHaveCredentials } from "./credentials.ts";
import { packRelease, readPage } from "./files.ts";
import { holdersAmong } from "./holders.ts";
import type { Launches } from "./launches.ts";
import { mustNotLend, occupied } from "./requests.ts";
import { within } from "./world-use.ts";

interface PlanningParts {
  store: Store;
  artefacts: Artefacts;
  world(environment: string): Promise<World>;
  launches: Launches;
  credentials(environment: string): Promise<string[]>;
}

export interface UpgradeWish {
  to: string;
  /** Major when left out. */
  strategy?: UpgradeStrategy;
  failAt: string | null;
  /** When the window is to begin, with its zone; null for as soon as all is prepared. */
  at: string | null;
  /** Only to be rehearsed: neither the hour nor what staging has accepted matters. */
  rehearsal: boolean;
}

export interface Planned {
  hash: string;
  plan: Plan;
  guards: GuardResult[];
  /** Between the release that serves and the one that is to serve. */
  differences: Difference[];
  /** What is to be told to people; null when the environment file has no text for it. */
  announcement: string | null;
}

export async function planFor(
  parts: PlanningParts,
  found: SavedEnvironment,
  { to, strategy, failAt, at, rehearsal }: UpgradeWish,
): Promise<Planned> {
  if (strategy !== undefined && strategy !== "major") mustBegin(strategy, at);
  const saved = rehearsal ? { ...found, definition: atAnyHour(found.definition) } : found;
  const { definition, definitionPath, name } = saved;
  // First and alone, because an upgrade in flight makes every other guard fail, too.
  const busy = await unfinishedUpgrade(parts.store, name);
  if (busy) throw occupied(name, busy);
  await mustNotLend(parts.store, name);
  const artefact = definition.releases[to] ? await packRelease(parts.artefacts, definition, to, definitionPath) : null;
  const begins = at === null ? null : Date.parse(at);
  const [inventory, circumstances, holders] = await within(parts.world(name), async (world) => {
    const seen = await readInventory(world);
    // Green runs the old release first, to be tested apart from the new one.
    mustHaveCredentials(definition, [...installedIn(seen), to], await parts.credentials(name));
    const looking = {
      store: parts.store,
      world,
      saved,
      inventory: seen,
      blue: readBlue(seen),
      to,
      at: begins,
      artefact,
      rehearsal,
    };
    return [seen, await readCircumstances(looking), await readHolders(world, definition, seen)];
  });
  const artefacts = artefact === null ? {} : { [to]: artefact };
  // A rehearsal is about what its origin would do.
  const boot = await parts.launches.bootOf(definition, definitionPath, { inputsOf: originOf(found) ?? name });
  const network = networkOf(saved, inventory);
  const page = readPage(definition, definitionPath);
  const wanted = rehearsal ? withoutPublic(definition) : definition;
  const input = { definition: wanted, network, inventory, strategy, to, artefacts, failAt, at, boot, holders, page };
  const { plan, guards, differences } = planUpgrade(input, circumstances);
  mustHaveStep(plan, failAt);
  const start = begins ?? circumstances.now;
  return {
    hash: await savePlan(parts.store, plan),
    plan,
    guards,
    differences,
    announcement: announcementOf(definition, plan, start),
  };
}

/** Nobody asks a clone anything, so nothing is waited for there. */
const withoutPublic = (definition: EnvironmentDefinition): EnvironmentDefinition => ({
  ...definition,
  minor: { ...definition.minor, samples: 0 },
});

/** Nobody waits for a window: the public sees no page. */
function mustBegin(strategy: UpgradeStrategy, at: string | null): void {
  if (at === null) return;
  throw new Problem("bad-input", {
    what: `an upgrade by strategy ${strategy} waits for no time`,
    why: "--at says when the public sees the page, and it sees none",
    next: "leave --at out",
  });
}

function announcementOf(definition: EnvironmentDefinition, { from, to, strategy }: Plan, start: number): string | null {
  // A minor upgrade takes nobody's minutes.
  if (definition.announcement === undefined || kindOf(strategy) === "minor") return null;
  return announce(definition.announcement, {
    environment: definition.environment,
    from,
    to,
    start: startIn(definition.windows[0]?.zone ?? "UTC", start),
    minutes: String(definition.policy.announcedMinutes),
  });
}

/** Names of the load balancers that hold each floating address now. */
async function readHolders(
  world: World,
  { addresses }: EnvironmentDefinition,
  { loadBalancers }: Inventory,
): Promise<Record<string, string[]>> {
  const balancers = loadBalancers.map(({ record }) => record);
  const seen = await Promise.all(
    Object.entries(addresses).map(async ([name, { address }]) => {
      const { holders } = await holdersAmong(world, balancers, address);
      return [name, holders] as const;
    }),
  );
  return Object.fromEntries(seen);
}

const installedIn = ({ applications }: Inventory): string[] => [
  ...new Set(applications.flatMap(({ installed }) => installed?.release ?? [])),
];

/** Steps from which on nothing is taken back for free. */
const LAST = ["reopen", "retire-servers", "prune-backups"];

function mustHaveStep(plan: Plan, failAt: string | null): void {
  const all = plan.stages.flatMap(({ steps }) => steps.map(({ step }) => step));
  // From there on there is no way back that could be rehearsed.
  const last = all.findIndex((step) => LAST.includes(step));
  const names = all.slice(0, last < 0 ? undefined : last);
  if (failAt === null || names.includes(failAt)) return;
  throw new Problem("bad-input", {
    what: `there is no step "${failAt}" to fail at`,
    why: `before reopening the plan has: ${[...new Set(names)].join(", ")}`,
    next: "name one of them with --fail-at",
  });
}
