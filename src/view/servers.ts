/** What people see of an environment's application servers: those that serve, those that stand apart, those only wanted. */
import type { EnvironmentDefinition } from "../model/environment.ts";
import type { Launch } from "../model/launch.ts";
import type { Inventory, SeenApplication } from "../model/inventory.ts";
import { LOCKED, type ServerRecord } from "../model/provider.ts";
import { seenTemplate } from "../model/template/server-state.ts";
import { type Configuration, configurationOf } from "../model/server/configuration.ts";
import { releaseOf, type ServerDefinition } from "../model/server/definition.ts";

export type Standing = "serves" | "apart" | "kept" | "outside" | "not launched";

export interface ServerView {
  name: string;
  standing: Standing;
  /** Why it is kept, or where it stands; null when there is no more to say. */
  note: string | null;
  address: string | null;
  release: string | null;
  roles: SeenApplication["roles"] | null;
  /** Requests and upgraded connections in flight, summed over the load balancers; null when it is in no pool. */
  sessions: number | null;
  clonedFrom: string | null;
  group: string | null;
  lockedBy: string | null;
  /** Of a server that has a template: how it stands, and where it stranded; null for every other. */
  boot: string | null;
  /** What it runs with; null when nothing is installed. */
  current: Configuration | null;
  /** What a launch would bring of what somebody cloned; null when nobody did. */
  next: ServerDefinition | null;
}

export interface ServersView {
  environment: string;
  servers: ServerView[];
}

interface Facts {
  definition: EnvironmentDefinition;
  inventory: Inventory;
  /** What servers with a template booted with, by name. */
  boots: ReadonlyMap<string, { launch: Launch }>;
  definitions: readonly ServerDefinition[];
}

export function viewServers({ definition, inventory, boots, definitions }: Facts): ServersView {
  const slot = inventory.loadBalancers.find(({ routes }) => routes.public !== null)?.routes.public ?? null;
  const seen = inventory.applications.map((server): ServerView => {
    const { record, installed, roles } = server;
    const members = inventory.loadBalancers.flatMap(({ members: pools }) =>
      [...pools.a, ...pools.b].filter(({ server: name }) => name === record.name),
    );
    return {
      name: record.name,
      ...standingOf(server, slot),
      address: record.address,
      release: installed?.release ?? null,
      roles,
      sessions: members.length === 0 ? null : members.reduce((sum, { sessions }) => sum + sessions, 0),
      clonedFrom: record.labels.clonedFrom ?? null,
      group: record.labels.group ?? null,
      lockedBy: record.labels[LOCKED] ?? null,
      boot: bootState(record),
      current: installed && configurationOf(installed, boots.get(record.name)?.launch),
      next: definitions.find(({ name }) => name === record.name) ?? null,
    };
  });
  const wanted = definitions
    .filter(({ name }) => seen.every((one) => one.name !== name))
    .map((next): ServerView => ({ ...NOT_THERE, name: next.name, clonedFrom: next.clonedFrom, next }));
  return { environment: definition.environment, servers: [...seen, ...wanted] };
}

const NOT_THERE = {
  standing: "not launched",
  note: null,
  address: null,
  release: null,
  roles: null,
  sessions: null,
  group: null,
  lockedBy: null,
  boot: null,
  current: null,
} as const;

function bootState(record: ServerRecord): string | null {
  const seen = seenTemplate(record);
  if (!seen) return null;
  const at = seen.stranded ? ` at ${seen.stranded.at}: ${seen.stranded.why}` : "";
  return `${seen.template} ${seen.state}${at}`;
}

function standingOf({ record }: SeenApplication, slot: string | null): Pick<ServerView, "standing" | "note"> {
  const { kept, keptUntil, isolated, slot: own } = record.labels;
  if (kept !== undefined) return { standing: "kept", note: kept };
  if (keptUntil !== undefined) return { standing: "kept", note: `until ${new Date(Number(keptUntil)).toISOString()}` };
  if (isolated !== undefined) return { standing: "apart", note: null };
  return own === slot ? { standing: "serves", note: null } : { standing: "outside", note: `of pool ${own ?? "none"}` };
}

export function drawServers({ environment, servers }: ServersView): string[] {
  if (servers.length === 0) return [`"${environment}" has no application servers.`];
  return servers.map((one) => {
    const release = one.release ?? (one.next ? releaseOf(one.next) : "-");
    const facts = [
      one.roles ? `web ${one.roles.web}` : null,
      one.roles?.worker === "running" ? "worker running" : null,
      one.sessions === null ? null : `${one.sessions} sessions`,
      one.group && `group ${one.group}`,
      one.clonedFrom && `cloned from ${one.clonedFrom}`,
      one.boot,
      one.lockedBy && `locked by ${one.lockedBy}`,
      one.note,
      one.next && one.next.changes.length > 0 ? `changes: ${one.next.changes.map(sayChange).join(", ")}` : null,
    ].filter((fact) => fact !== null && fact !== "");
    return `${one.name.padEnd(14)} ${one.standing.padEnd(12)} release ${release.padEnd(10)} ${facts.join(" · ")}`;
  });
}

export const sayChange = ({ key, value }: { key: string; value: string }): string => `${key} ${value}`;

export function drawServer({ name, standing, note, current, next, ...one }: ServerView): string[] {
  return [
    `${name}: ${standing}${note ? `, ${note}` : ""}${one.address ? ` at ${one.address}` : ""}`,
    ...(current ? ["", "It runs with:", ...drawConfiguration(current)] : []),
    ...(next
      ? ["", `Cloned from ${next.clonedFrom} by ${next.createdBy}, with:`, ...drawConfiguration(next.base)]
      : []),
    ...(next && next.changes.length > 0
      ? ["", "Changed since, in this order:", ...next.changes.map((change, at) => `  ${at + 1}. ${sayChange(change)}`)]
      : []),
    ...(next ? Object.entries(next.explained).map(([fact, why]) => `  ${fact} may differ: ${why}`) : []),
  ];
}

const drawConfiguration = (facts: Configuration): string[] =>
  Object.entries(facts).map(([fact, value]) => `  ${fact.padEnd(24)} ${value}`);
