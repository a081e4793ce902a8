/** From one look to the samples of one alert: what it watches, and what was measured there. Pure. */
import type { Slot } from "../load-balancer.ts";
import type { ServerRecord } from "../provider.ts";
import { countedWithin, type Tally } from "./counting.ts";
import { metricOf, type MetricName } from "./metrics.ts";
import type { AlertRule } from "./rule.ts";
import type { Sample } from "./sample.ts";
import { type AlertSight, inService, lineKey, primaryOf, publicSlot, type Seen, seenBalancers } from "./sight.ts";

/** By `tallyKey`. */
export type Tallies = ReadonlyMap<string, Tally>;

export const tallyKey = (what: "traffic" | "answers" | "lines", whose: string): string => `${what} ${whose}`;

interface Measured {
  value: number | null;
  note: string;
}

/** Null: what is seen is not to be judged now, or there is nothing to compare it with yet. */
type Measure = Measured | null;

const exactly = (value: number, note = ""): Measured => ({ value, note });
const unknown = (why: string): Measured => ({ value: null, note: why });

/** What the rule watches now, by name; null when nobody can tell. */
export function watchedBy({ on, when }: Pick<AlertRule, "on" | "when">, sight: AlertSight): string[] | null {
  const metric = metricOf(when.metric);
  if (metric.of !== "server") return [metric.of === "pool" ? `${on.pool ?? "public"} pool` : "environment"];
  const primary = isOfReplicas(when.metric) ? primaryOf(sight) : undefined;
  if (primary === null) return on.servers ?? null;
  // Who is named is watched also when it is gone: that it is not there is what somebody wants to know.
  if (on.servers !== undefined) return on.servers.filter((name) => name !== primary?.name);
  return inService(sight)
    .filter(({ kind, labels }) => metric.kinds.includes(kind) && (on.kind ?? kind) === kind && fits(on.group, labels))
    .map(({ name }) => name)
    .filter((name) => name !== primary?.name);
}

const isOfReplicas = (metric: MetricName): boolean => metric === "follows" || metric === "lagTransactions";
const fits = (group: string | undefined, labels: Record<string, string>): boolean =>
  group === undefined || labels.group === group;

export function sampleOf(rule: AlertRule, target: string, sight: AlertSight, tallies: Tallies): Sample | null {
  const measured = measure(rule, target, sight, tallies);
  return measured && { at: sight.at, ...measured };
}

function measure(rule: AlertRule, target: string, sight: AlertSight, tallies: Tallies): Measure {
  const { metric } = rule.when;
  if (metricOf(metric).of === "pool") return ofPool(rule, sight);
  if (metric === "backupAgeHours") return ofBackup(sight);
  const record = sight.records.find(({ name }) => name === target);
  if (!record) return unknown(`there is no server "${target}"`);
  const of = metricOf(metric);
  if (of.of === "server" && !of.kinds.includes(record.kind))
    return unknown(`"${target}" is of the kind ${record.kind}, and ${metric} is measured on: ${of.kinds.join(", ")}`);
  if (metric === "running") return isRunning(record, sight);
  if (metric === "errorLines") return linesOf(rule, record, sight, tallies);
  if (metric === "diskFreeBytes" || metric === "diskFreePercent") return ofDisk(metric, sight.disks[target]);
  if (record.kind === "load-balancer") return ofBalancer(rule, target, sight, tallies);
  if (record.kind === "database") return ofReplica(metric, target, sight);
  return ofApplication(rule, target, sight, tallies);
}

/** What is not in the sight at all was retired since the servers were listed. */
const whyUnknown = (one: Seen<unknown> | undefined): Measure => (one && "unknown" in one ? unknown(one.unknown) : null);

/** What is down because a run wants it so is not judged; what died is. */
function isRunning({ name, kind }: ServerRecord, { busy, balancers, web, databases }: AlertSight): Measure {
  if (kind === "load-balancer") {
    const seen = balancers[name];
    return seen && "seen" in seen ? exactly(seen.seen === null ? 0 : 1) : whyUnknown(seen);
  }
  if (kind === "application") {
    const seen = web[name];
    if (!seen || !("seen" in seen)) return whyUnknown(seen);
    if (busy && (seen.seen === "absent" || seen.seen === "stopped")) return null;
    return exactly(seen.seen === "running" ? 1 : 0, seen.seen === "running" ? "" : seen.seen);
  }
  const seen = databases[name];
  if (!seen || !("seen" in seen)) return whyUnknown(seen);
  const { running, error } = seen.seen;
  return busy && !running && error === null ? null : exactly(running ? 1 : 0, running ? "" : (error ?? "stopped"));
}

/** The public sees the page, or nobody was let in yet: a run is at work. */
const isAtWork = (sight: AlertSight): boolean => sight.busy && seenBalancers(sight).some((one) => one.sight.paged);

function ofPool({ on, when }: AlertRule, sight: AlertSight): Measure {
  const route = on.pool ?? "public";
  if (isAtWork(sight)) return null;
  const pools = seenBalancers(sight).map(({ name, sight: { routes, members } }) => {
    const pool = routes[route] === null ? [] : members[routes[route] as Slot];
    const good = pool.filter(({ state, healthy }) => state === "ready" && healthy).length;
    return { name, routed: routes[route] !== null, all: pool.length, good };
  });
  if (pools.length === 0) return unknown("no load balancer can be asked");
  // Nobody tests: that is no failure of the pool.
  if (route === "test" && pools.every(({ routed }) => !routed)) return null;
  const worst = pools.reduce((least, one) => (one.good < least.good ? one : least));
  const note = `${worst.good} of ${worst.all} on ${worst.name}`;
  if (when.metric === "poolHealthy") return exactly(worst.good, note);
  return exactly(worst.all === 0 ? 0 : (100 * worst.good) / worst.all, note);
}

function ofBackup({ at, backup }: AlertSight): Measure {
  if (backup === null) return null;
  if (!("seen" in backup)) return whyUnknown(backup);
  return backup.seen === null ? unknown("no backup was ever proven") : exactly((at - backup.seen) / 3_600_000);
}

function ofDisk(metric: MetricName, seen: AlertSight["disks"][string] | undefined): Measure {
  if (!seen) return null;
  if (!("seen" in seen)) return whyUnknown(seen);
  const { freeBytes, sizeBytes } = seen.seen;
  return exactly(metric === "diskFreeBytes" ? freeBytes : (100 * freeBytes) / sizeBytes);
}

function linesOf({ name, when }: AlertRule, record: ServerRecord, sight: AlertSight, tallies: Tallies): Measure {
  const key = lineKey(name, record.name);
  const seen = sight.lines[key];
  if (!seen || !("seen" in seen)) return whyUnknown(seen);
  const counted = lately(tallies, tallyKey("lines", key), when.withinSeconds);
  return counted && exactly(((counted.counts.lines ?? 0) * 60_000) / counted.ms, `${counted.counts.lines} lines`);
}

function ofBalancer({ when }: AlertRule, name: string, sight: AlertSight, tallies: Tallies): Measure {
  const seen = sight.balancers[name];
  if (!seen || !("seen" in seen)) return whyUnknown(seen);
  if (seen.seen === null) return unknown("it does not run");
  if (when.metric === "page") return exactly(seen.seen.paged ? 1 : 0);
  if (isAtWork(sight)) return null;
  const counted = lately(tallies, tallyKey("traffic", name), when.withinSeconds);
  if (!counted) return null;
  const { requests = 0, failed = 0 } = counted.counts;
  if (when.metric === "requestsPerSecond") return perSecond(requests, counted.ms);
  if (when.metric === "failedPerSecond") return perSecond(failed, counted.ms);
  return share(failed, requests, "requests");
}

function ofReplica(metric: MetricName, name: string, sight: AlertSight): Measure {
  const seen = sight.databases[name];
  if (!seen || !("seen" in seen)) return whyUnknown(seen);
  const { running, replicating, following, error, bootsFollowing } = seen.seen;
  // Stopped on purpose, as for a backup: one that stopped by itself would follow again when it boots.
  if (sight.busy && following === null && !bootsFollowing) return null;
  if (metric === "follows")
    return exactly(replicating ? 1 : 0, replicating ? "" : (error ?? stillness(running, following)));
  const lag = sight.lags[name];
  if (!lag || !("seen" in lag)) return whyUnknown(lag);
  return lag.seen === null ? unknown("its data has parted from the primary's") : exactly(lag.seen);
}

function stillness(running: boolean, following: string | null): string {
  if (!running) return "it does not run";
  return following === null
    ? "it follows nobody"
    : `it follows ${following}, but a thread of its replication stands still`;
}

function ofApplication({ when }: AlertRule, name: string, sight: AlertSight, tallies: Tallies): Measure {
  const balancers = seenBalancers(sight);
  const slot = publicSlot(sight);
  if (balancers.length === 0) return unknown("no load balancer can be asked");
  if (slot === null) return unknown("no load balancer says which pool is the public's");
  const members = balancers.map((one) => one.sight.members[slot].find(({ server }) => server === name));
  // One that is being brought up is let in when it is good.
  if (isAtWork(sight) || (sight.busy && members.every((member) => member === undefined))) return null;
  const all = Object.keys(sight.balancers).length;
  const partly = balancers.length < all ? `by ${balancers.length} of ${all} load balancers` : "";
  if (when.metric === "sessions")
    return exactly(
      members.reduce((sum, member) => sum + (member?.sessions ?? 0), 0),
      partly,
    );
  if (when.metric === "healthy") {
    const good = members.filter((member) => member?.healthy && member.state === "ready").length;
    return exactly((100 * good) / members.length, `${good} of ${members.length}`);
  }
  const counted = balancers.flatMap((one) => lately(tallies, answersKey(one.name, name), when.withinSeconds) ?? []);
  if (counted.length === 0) return null;
  const sum = (of: "answers" | "errors"): number => counted.reduce((all, { counts }) => all + (counts[of] ?? 0), 0);
  const ms = Math.max(...counted.map((one) => one.ms));
  if (when.metric === "answersPerSecond") return perSecond(sum("answers"), ms, partly);
  if (when.metric === "errorsPerSecond") return perSecond(sum("errors"), ms, partly);
  return share(sum("errors"), sum("answers"), "answers");
}

export const answersKey = (balancer: string, server: string): string => tallyKey("answers", `${balancer} ${server}`);

function lately(tallies: Tallies, key: string, seconds: number) {
  const tally = tallies.get(key);
  return tally ? countedWithin(tally, seconds * 1000) : null;
}

const perSecond = (counted: number, ms: number, note = ""): Measured => exactly((counted * 1000) / ms, note);

/** Of nothing, nothing failed. */
const share = (part: number, all: number, of: string): Measured =>
  exactly(all === 0 ? 0 : (100 * part) / all, `${part} of ${all} ${of}`);
