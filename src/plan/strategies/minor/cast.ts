/** Who plays which part in a minor upgrade: every name, address and release, chosen before it begins. */
import type { Install } from "../../../model/application.ts";
import type { EnvironmentDefinition } from "../../../model/environment.ts";
import type { Inventory, SeenApplication, SeenDatabase } from "../../../model/inventory.ts";
import type { Slot } from "../../../model/load-balancer.ts";
import type { Network } from "../../../model/network.ts";
import type { MinorStrategy } from "../../../model/plan.ts";
import type { ServerRecord } from "../../../model/provider.ts";
import { areFrontEnds, type Blue, readBlue, runsWorker } from "../../blue.ts";
import type { BootOf } from "../../boot.ts";
import { onCopy } from "../../copy.ts";
import { everyRecord, installOf, Layout, mustHaveRoom } from "../../layout.ts";
import { type TestBalancer, testBalancerOf } from "../../testing.ts";
import { type Balancers, balancersOf, castFronts, type Fronts } from "./fronts.ts";

export interface MinorInput {
  definition: EnvironmentDefinition;
  network: Network;
  inventory: Inventory;
  strategy: MinorStrategy;
  to: string;
  /** Content hash of each release's artefact. */
  artefacts: Record<string, string>;
  /** A step that is asked to fail, for rehearsing the way back. */
  failAt: string | null;
  /** New servers get no template when left out. */
  boot?: BootOf | undefined;
  /** Names of the load balancers that hold each floating address, by its name; nobody holds one when left out. */
  holders?: Record<string, string[]>;
  /** HTML of the maintenance page, for load balancers that are launched. */
  page?: string;
}

/** A server of the old release and the one of the new release in its place; the same one when it is upgraded in place. */
export interface Pair {
  old: ServerRecord;
  next: ServerRecord;
  before: Install;
  after: Install;
  /** The old one's runs. */
  worker: boolean;
}

/** A server that tries the migration on a restored copy of the database. */
export interface Trial {
  command: string;
  unlock: string | null;
  record: ServerRecord;
  /** Holds the copy. */
  spare: ServerRecord;
  before: Install;
  after: Install;
  /** It is the first of the new servers, or goes again afterwards. */
  stays: boolean;
}

export interface Cast {
  /** Null where the load balancers stay. */
  balancers: Balancers | null;
  definition: EnvironmentDefinition;
  strategy: MinorStrategy;
  from: string;
  to: string;
  failAt: string | null;
  /** The pool that serves when it begins. */
  slot: Slot;
  /** The pool that serves when it has ended. */
  serves: Slot;
  /** Those that serve when it begins. */
  loadBalancers: string[];
  /** Those and the ones that come: a pool and a route are the same on all of them. */
  all: string[];
  pairs: Pair[];
  /** New servers are launched, so old ones go. */
  launches: boolean;
  /** Null when the release has nothing to migrate. */
  trial: Trial | null;
  testBalancer: TestBalancer | null;
  /** One more server of the scaling group, to prove that it can grow; null without a group. */
  grown: Pair | null;
  primary: SeenDatabase;
  /** Null where none follows: only a migration needs one. */
  replica: SeenDatabase | null;
  /** Left from earlier upgrades, retired by this one. */
  kept: ServerRecord[];
  boot: BootOf | undefined;
}

export function castMinor(input: MinorInput): Cast {
  const { definition, inventory, strategy, to } = input;
  const blue = readBlue(inventory);
  const { migrate, unlock = null } = definition.releases[to] ?? {};
  const launches = strategy !== "in-place";
  mustHaveRoom(definition, input.network, everyRecord(inventory), besideOf(input, blue, migrate !== undefined));
  const layout = new Layout(definition.environment, input.network, everyRecord(inventory));
  const serves = strategy === "replace" || strategy === "canary" ? blue.green : blue.slot;
  const old = blue.loadBalancers.map(({ record }) => record);
  const fronts = strategy === "replace" ? castFronts(definition, blue, layout) : null;
  const maker = { input, blue, layout, serves, launches, fronts };
  const pairs = blue.applications.map((seen, turn) => pairOf(maker, seen, turn));
  const inGroup = blue.applications.findLastIndex(({ record }) => record.labels.group !== undefined);
  const member = blue.applications[inGroup];
  const names = inventory.applications.map(({ record }) => record);
  return {
    ...{ definition, strategy, from: blue.release, to, failAt: input.failAt, slot: blue.slot, serves, pairs, launches },
    balancers: fronts && balancersOf(input, old, fronts),
    loadBalancers: old.map(({ name }) => name),
    all: [...old, ...(fronts?.loadBalancers ?? [])].map(({ name }) => name),
    trial: migrate === undefined ? null : trialOf(maker, pairs[0], { command: migrate, unlock }),
    testBalancer: launches ? testBalancerOf(definition, layout) : null,
    grown: member ? pairOf({ ...maker, launches: true }, member, inGroup) : null,
    primary: blue.primary,
    replica: blue.replicas.find(({ health }) => health.replicating) ?? null,
    kept: [...names, ...inventory.databases.map(({ record }) => record)].filter(({ name }) => blue.kept.includes(name)),
    boot: input.boot,
  };
}

interface Maker {
  input: MinorInput;
  blue: Blue;
  layout: Layout;
  serves: Slot;
  launches: boolean;
  fronts: Fronts | null;
}

function pairOf({ input, blue, layout, serves, launches, fronts }: Maker, seen: SeenApplication, turn: number): Pair {
  const { definition, to, artefacts } = input;
  const { record, installed } = seen;
  const { group } = record.labels;
  const labels = { slot: serves, clonedFrom: record.name, ...(group ? { group } : {}) };
  if (!installed) throw new Error(`nothing is installed on "${record.name}"`);
  const beside = group === undefined ? (fronts?.hosts[turn] ?? null) : null;
  const others = fronts?.loadBalancers ?? blue.loadBalancers.map((one) => one.record);
  const loadBalancers = beside ? [beside.loadBalancer] : others;
  const fresh = installOf(definition, to, artefacts[to] ?? "", { loadBalancers, slot: serves, turn });
  const made = () =>
    beside
      ? { ...beside.application, labels: { ...labels, ...beside.application.labels } }
      : layout.next("application", group ?? "app", labels);
  return {
    old: record,
    next: launches ? made() : record,
    before: installed,
    after: launches ? fresh : { ...fresh, database: installed.database },
    worker: runsWorker(seen),
  };
}

/** Nothing of it leads to what serves: the server reaches the copy itself, past every endpoint. */
function trialOf(
  { input, layout, launches, serves }: Maker,
  first: Pair | undefined,
  migrate: Pick<Trial, "command" | "unlock">,
): Trial {
  const spare = layout.next("database", "spare", { role: "spare" });
  if (!first) throw new Error("a generation has at least one server");
  const { before, after } = first;
  const led = (release: Install) => onCopy(input.definition, spare, release);
  const record = launches
    ? first.next
    : layout.next("application", "trial", { slot: serves, clonedFrom: first.old.name });
  return { ...migrate, record, spare, before: led(before), after: led(after), stays: launches };
}

/** Hosts that it takes beside those that hold a server. */
function besideOf({ definition, strategy }: MinorInput, blue: Blue, migrates: boolean) {
  const servers = blue.applications.length;
  const launches = strategy !== "in-place";
  const { frontEnds, group } = definition.application;
  const splits = strategy === "replace" && !frontEnds && areFrontEnds(blue);
  const parts: [number, string][] = [
    [launches ? servers : 0, servers === 1 ? "1 application server" : `${servers} application servers`],
    [splits ? definition.loadBalancers : 0, `${definition.loadBalancers} load balancers`],
    [group ? 1 : 0, "1 by which the group is seen to grow"],
    [launches && definition.testing.loadBalancer === "separate" ? 1 : 0, "a load balancer for testers"],
    [!launches && migrates ? 1 : 0, "1 to try the migration from"],
    [migrates ? 1 : 0, "a spare for the database"],
  ];
  const wanted = parts.filter(([count]) => count > 0);
  return { count: wanted.reduce((sum, [count]) => sum + count, 0), words: wanted.map(([, word]) => word).join(", ") };
}
