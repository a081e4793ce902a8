/** Who plays which part in a major upgrade: every name, address and release, chosen before it begins. */
import type { Install } from "../../../model/application.ts";
import type { EnvironmentDefinition } from "../../../model/environment.ts";
import type { Inventory, SeenApplication, SeenDatabase } from "../../../model/inventory.ts";
import type { Network } from "../../../model/network.ts";
import type { Slot } from "../../../model/load-balancer.ts";
import type { ServerRecord } from "../../../model/provider.ts";
import { readBlue, runsWorker } from "../../blue.ts";
import type { BootOf } from "../../boot.ts";
import { onCopy } from "../../copy.ts";
import { neededGuards } from "../../guards/all.ts";
import { ask, mustPass } from "../../guards/guard.ts";
import { everyRecord, installOf, Layout, mustHaveRoom, scheduledServers } from "../../layout.ts";
import { type TestBalancer, testBalancerOf } from "../../testing.ts";

export interface MajorInput {
  definition: EnvironmentDefinition;
  network: Network;
  inventory: Inventory;
  to: string;
  /** Content hash of each release's artefact. */
  artefacts: Record<string, string>;
  /** A step that is asked to fail, for rehearsing the way back. */
  failAt: string | null;
  /** When the window is to begin, with its zone; as soon as all is prepared when left out. */
  at?: string | null;
  /** New servers get no template when left out. */
  boot?: BootOf;
}

export interface GreenServer {
  record: ServerRecord;
  /** Blue's release, as the server it was cloned from runs it. */
  before: Install;
  after: Install;
}

/** The first new server, while it is tried on a restored copy of the database. */
export interface Trial {
  server: string;
  before: Install;
  after: Install;
}

export interface Cast {
  definition: EnvironmentDefinition;
  from: string;
  to: string;
  failAt: string | null;
  at: string | null;
  /** Blue's slot. */
  slot: Slot;
  green: Slot;
  loadBalancers: string[];
  testBalancer: TestBalancer | null;
  blueServers: string[];
  /** As their labels say it now. */
  oldRecords: ServerRecord[];
  blueRecords: ServerRecord[];
  blueWorkers: string[];
  greenServers: GreenServer[];
  trial: Trial;
  /** One more server of the scaling group, to prove that it can grow; null without a group. */
  grown: GreenServer | null;
  primary: SeenDatabase;
  replica: SeenDatabase;
  standby: ServerRecord;
  spare: ServerRecord;
  /** Servers on which scheduled backups run now. */
  scheduled: string[];
  /** Left from earlier upgrades, retired by this one. */
  kept: string[];
  boot: BootOf | undefined;
}

export function castMajor(input: MajorInput): Cast {
  const { definition, inventory, to } = input;
  const blue = readBlue(inventory);
  const wish = { definition, blue, to };
  mustPass(ask(neededGuards, wish), wish);
  mustHaveRoom(definition, input.network, everyRecord(inventory));
  const layout = new Layout(definition.environment, input.network, everyRecord(inventory));
  const replica = blue.replicas.find(({ health }) => health.replicating) as SeenDatabase;
  const loadBalancers = blue.loadBalancers.map(({ record }) => record);
  const names = blue.applications.map(({ record }) => record.name);
  // What runs, not what the file says by now: no old worker may live through the window.
  const workers = blue.applications.filter(runsWorker).map(({ record }) => record.name);
  const greenOf = ({ record, installed }: SeenApplication, turn: number): GreenServer => {
    const group = record.labels.group;
    const at = { loadBalancers, slot: blue.green, turn };
    return {
      record: layout.next("application", group ?? "app", {
        slot: blue.green,
        clonedFrom: record.name,
        ...(group ? { group } : {}),
      }),
      before: installOf(definition, blue.release, installed?.artefact ?? "", at),
      after: installOf(definition, to, input.artefacts[to] ?? "", at),
    };
  };
  const greenServers = blue.applications.map(greenOf);
  const [first] = greenServers;
  if (!first) throw new Error("a generation has at least one server");
  const spare = layout.next("database", "spare", { role: "spare" });
  const inGroup = blue.applications.findLastIndex(({ record }) => record.labels.group !== undefined);
  const member = blue.applications[inGroup];
  return {
    definition,
    from: blue.release,
    to,
    failAt: input.failAt,
    at: input.at ?? null,
    slot: blue.slot,
    green: blue.green,
    loadBalancers: loadBalancers.map(({ name }) => name),
    blueServers: names,
    oldRecords: inventory.applications
      .map(({ record }) => record)
      .filter(({ name }) => names.includes(name) || blue.kept.includes(name)),
    blueRecords: blue.applications.map(({ record }) => record),
    blueWorkers: workers,
    greenServers,
    trial: trialOf(definition, first, spare),
    grown: member ? greenOf(member, inGroup) : null,
    testBalancer: testBalancerOf(definition, layout),
    primary: blue.primary,
    replica,
    standby: layout.next("database", "db", { role: "standby", clonedFrom: blue.primary.record.name }),
    spare,
    scheduled: scheduledServers(inventory),
    kept: blue.kept,
    boot: input.boot,
  };
}

/** Nothing of it leads to what serves: the server reaches the copy itself, past every endpoint. */
function trialOf(
  definition: EnvironmentDefinition,
  { record, before, after }: GreenServer,
  spare: ServerRecord,
): Trial {
  const led = (release: Install) => onCopy(definition, spare, release);
  return { server: record.name, before: led(before), after: led(after) };
}
