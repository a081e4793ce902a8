/** Drift: where the environment file, what was saved of it, and the world differ. Pure. */
import type { Drift } from "../model/drift.ts";
import type { EnvironmentDefinition } from "../model/environment.ts";
import { parseEnvironment } from "../model/environment-file.ts";
import type { Inventory, SeenApplication, SeenDatabase, SeenLoadBalancer } from "../model/inventory.ts";
import type { Slot } from "../model/load-balancer.ts";
import { canonical } from "../model/plan.ts";
import { asProblem } from "../model/problem.ts";
import type { ServerRecord } from "../model/provider.ts";

/** `text` is null when the file can't be read. Names the keys that differ; their values may be nobody else's business. */
export function driftOfFile(saved: EnvironmentDefinition, path: string, text: string | null): Drift[] {
  const next = `changeover up ${path}`;
  const wanted = "what was saved by the last `changeover up`";
  if (text === null) return [{ where: path, wanted, seen: "it is gone, or can't be read", next, heals: false }];
  let now: EnvironmentDefinition;
  try {
    now = parseEnvironment(text, path);
  } catch (error) {
    return [{ where: path, wanted, seen: asProblem(error).text.why, next: `mend it, then: ${next}`, heals: false }];
  }
  const keys = differing(saved, now, []);
  return keys.length === 0 ? [] : [{ where: path, wanted, seen: `${keys.join(", ")} changed`, next, heals: false }];
}

/** Paths of keys, at most two deep: enough to find the place. */
function differing(left: unknown, right: unknown, path: string[]): string[] {
  if (canonical(left) === canonical(right)) return [];
  const objects = [left, right].every((one) => one !== null && typeof one === "object" && !Array.isArray(one));
  if (!objects || path.length === 2) return [path.join(".")];
  const [one, other] = [left as Record<string, unknown>, right as Record<string, unknown>];
  const keys = [...new Set([...Object.keys(one), ...Object.keys(other)])].sort();
  return keys.flatMap((key) => differing(one[key], other[key], [...path, key]));
}

export interface Wanted {
  definition: EnvironmentDefinition;
  /** The release that the last upgrade brought; null when nobody knows. */
  release: string | null;
  /** As large as the scaling group was last made; null when nobody knows. */
  groupSize: number | null;
}

interface Picture {
  wanted: Wanted;
  slot: Slot | null;
  loadBalancers: SeenLoadBalancer[];
  /** Of the generation that serves, without those that are kept. */
  serving: SeenApplication[];
  databases: SeenDatabase[];
  add(where: string, wanted: string, seen: string, heals?: boolean): void;
}

/** Servers that are kept on purpose are no drift; they are listed by `keptServers`. */
export function driftOfWorld(wanted: Wanted, inventory: Inventory): Drift[] {
  const found: Drift[] = [];
  const next = `changeover status ${wanted.definition.environment}`;
  const slot = inventory.loadBalancers.find(({ routes }) => routes.public !== null)?.routes.public ?? null;
  const inService = <T extends { record: ServerRecord }>(seen: T[]) => seen.filter(({ record }) => !isKept(record));
  const applications = inService(inventory.applications);
  const picture: Picture = {
    wanted,
    slot,
    loadBalancers: inventory.loadBalancers,
    serving: applications.filter(({ record }) => record.labels.slot === slot),
    databases: inService(inventory.databases),
    add: (where, should, seen, heals = false) => found.push({ where, wanted: should, seen, next, heals }),
  };
  for (const { address, why } of inventory.hosts?.silent ?? []) picture.add(address, "a host that answers", why);
  lookAtCounts(picture);
  for (const { record } of applications.filter(({ record }) => record.labels.slot !== slot)) {
    picture.add(record.name, "no server outside of the pool that serves", `it is of pool ${record.labels.slot}`);
  }
  lookAtLoadBalancers(picture);
  lookAtApplications(picture);
  lookAtDatabases(picture);
  return found;
}

const isKept = ({ labels: { kept, keptUntil, isolated } }: ServerRecord): boolean =>
  kept !== undefined || keptUntil !== undefined || isolated !== undefined;

export const keptServers = ({ applications, databases }: Inventory): { name: string; why: string }[] =>
  [...applications, ...databases]
    .filter(({ record }) => isKept(record))
    .map(({ record: { name, labels } }) => ({
      name,
      why: whyKept(labels),
    }));

const whyKept = ({ kept, keptUntil }: Record<string, string>): string =>
  kept ?? (keptUntil === undefined ? "it stands apart" : `until ${new Date(Number(keptUntil)).toISOString()}`);

function lookAtCounts({ wanted: { definition, groupSize }, loadBalancers, serving, add }: Picture): void {
  const { servers, group } = definition.application;
  const counts: [string, number, number][] = [
    ["load balancers", definition.loadBalancers, loadBalancers.length],
    ["servers", servers, serving.filter(({ record }) => record.labels.group === undefined).length],
    [
      "servers of the group",
      groupSize ?? group?.size ?? 0,
      serving.filter(({ record }) => record.labels.group !== undefined).length,
    ],
  ];
  for (const [where, should, seen] of counts) if (should !== seen) add(where, String(should), String(seen));
}

function lookAtLoadBalancers({ loadBalancers, slot, serving, databases, add }: Picture): void {
  const [primary, ...others] = databases.filter(({ health }) => health.writable);
  const leads = primary && others.length === 0 ? primary.record.address : null;
  for (const { record, running, routes, members, endpoints } of loadBalancers) {
    if (!running) {
      add(record.name, "running", "it does not run");
      continue;
    }
    if (slot === null || routes.public !== slot) {
      add(record.name, `the public to pool ${slot ?? "a or b"}`, `it goes to ${routes.public ?? "none"}`);
      continue;
    }
    const pool = members[slot];
    for (const { record: server } of serving) {
      const member = pool.find((one) => one.server === server.name);
      if (member?.state !== "ready") {
        add(
          record.name,
          `${server.name} ready in pool ${slot}`,
          member ? `it is in ${member.state}` : "it is not in it",
        );
      }
    }
    for (const { server } of pool.filter((one) => serving.every(({ record: known }) => known.name !== one.server))) {
      add(record.name, `only servers that serve in pool ${slot}`, `${server} is in it`);
    }
    const endpoint = endpoints[slot]?.address ?? "nowhere";
    if (leads !== null && endpoint !== leads) {
      add(record.name, `the database endpoint to ${leads}`, `it leads to ${endpoint}`);
    }
  }
}

function lookAtApplications({ wanted: { definition, release }, serving, add }: Picture): void {
  const should = release ?? serving[0]?.installed?.release ?? "none";
  for (const { record, installed, roles } of serving) {
    const seen = installed?.release ?? "none";
    if (seen !== should) add(record.name, `release ${should}`, `release ${seen}`);
    if (roles.web !== "running") add(record.name, "web running", `web is ${roles.web}`);
  }
  const workers = definition.releases[should]?.start.worker
    ? Math.min(definition.application.workers, serving.length)
    : 0;
  const working = serving.filter(({ roles }) => roles.worker === "running").length;
  const sick = serving.filter(({ roles }) => roles.worker === "failing");
  for (const { record } of sick) add(record.name, "its worker running or stopped", "its worker is failing", true);
  if (working + sick.length !== workers) add("workers", `${workers} running`, `${working} running`, true);
}

function lookAtDatabases({ databases, add }: Picture): void {
  const names = databases.map(({ record }) => record.name).join(", ") || "none";
  if (databases.length !== 2) add("databases", "a primary and a replica", names);
  const writable = databases.filter(({ health }) => health.writable);
  if (writable.length !== 1) {
    add("primary", "one that takes writes", writable.map(({ record }) => record.name).join(", ") || "none");
  }
  const [primary] = writable;
  for (const { record, health } of databases) {
    if (!health.running) {
      add(record.name, "running", "it does not run");
      continue;
    }
    if (!health.writable && primary && health.following !== primary.record.address) {
      add(record.name, `following ${primary.record.address}`, `it follows ${health.following ?? "nobody"}`);
    }
    const boots = { writable: health.bootsWritable, following: health.bootsFollowing };
    if (boots.writable !== health.writable || boots.following !== (health.following !== null)) {
      add(record.name, "the same after its next start", `it would start ${bootWords(boots)}`);
    }
  }
}

const bootWords = ({ writable, following }: { writable: boolean; following: boolean }): string =>
  writable ? "taking writes" : following ? "as a replica" : "closed, following nobody";
