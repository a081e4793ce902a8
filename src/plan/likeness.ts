/** What a plan does, without where, to how many and how long it waits: the same for staging and for live. Pure. */
import { createHash } from "node:crypto";
import { canonical, type Plan } from "../model/plan.ts";
import { awaitWindow } from "../steps/await-window.ts";
import { decommissionServer, decommissionSpare } from "../steps/decommission-server.ts";
import { gate } from "../steps/gate.ts";
import { resumeBackups } from "../steps/resume-backups.ts";
import { resumeGroup } from "../steps/resume-group.ts";
import { suspendBackups } from "../steps/suspend-backups.ts";
import { suspendGroup } from "../steps/suspend-group.ts";

/**
 * Keys of steps' inputs that say where something is done, or how it is called there. One that is missing here makes
 * two plans differ that should not, which is refused and seen; never the other way round.
 */
const PLACES = new Set([
  ...["address", "port", "ports", "entrance", "host", "hosts", "testHost", "publicHost", "endpoints", "to", "from"],
  ...["environment", "name", "record", "labels", "server", "servers", "loadBalancer", "loadBalancers", "member"],
  ...["members", "primary", "standby", "replica", "replicas", "spare", "source", "others", "gone", "kept", "migrator"],
  ...[
    "database",
    "serves",
    "slot",
    "pool",
    "workers",
    "old",
    "floor",
    "endpointPorts",
    "like",
    "everyAddress",
    "addresses",
  ],
  // A sentence names servers; that an empty scaling group is not grown on trial is only a count; backups, see below.
  ...["says", "onUndo", "holds", "backups", "keep", "size"],
]);

/** When to begin, whom to ask, which backups to take, how large to be and how old servers leave, each environment decides for itself. */
const OWN = new Set([
  ...[awaitWindow, gate, suspendBackups, resumeBackups, suspendGroup, resumeGroup].map(({ name }) => name),
  ...[decommissionServer.name, decommissionSpare.name],
]);

const isPlace = (key: string): boolean => PLACES.has(key) || /Endpoint$|Ms$|[sS]econds$/.test(key);

/** Of these only the names count: their values hold host names and secrets. */
const NAMED = new Set(["inputs", "headers"]);

function strip(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(strip);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !isPlace(key))
      .map(([key, held]) => [key, NAMED.has(key) && held ? Object.keys(held).sort() : strip(held)]),
  );
}

/** First 16 hex digits of a SHA-256; two plans with the same one do the same to different places. */
export function likenessOf(plan: Plan): string {
  const told = [...plan.stages, ...plan.afterWayBack]
    .flatMap(({ steps }) => steps)
    .filter(({ step }) => !OWN.has(step))
    .map(({ step, input }) => canonical([step, strip(input)]));
  // A second server gets what the first one got: how many there are is no difference. The order is the strategy's own.
  const different = [...new Set(told)].sort();
  const whole = canonical([plan.strategy, plan.from, plan.to, plan.failAt, different]);
  return createHash("sha256").update(whole).digest("hex").slice(0, 16);
}
