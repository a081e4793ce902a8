/** What alerts can watch: each metric with what it is measured on, its unit, and what it says. */
import type { ServerKind } from "../provider.ts";

export type Unit = "yes or no" | "percent" | "count" | "per second" | "per minute" | "bytes" | "hours";

interface MetricOf {
  unit: Unit;
  says: string;
  /** Counted over the seconds of `withinSeconds`. */
  counted?: true;
}

export type Metric = MetricOf & (OfServers | { of: "pool" | "environment" });

interface OfServers {
  of: "server";
  kinds: readonly ServerKind[];
}

const every = ["load-balancer", "application", "database"] as const;
const application = { of: "server", kinds: ["application"] } as const;
const loadBalancer = { of: "server", kinds: ["load-balancer"] } as const;
const replica = { of: "server", kinds: ["database"] } as const;
const counted = { counted: true } as const;

/** Yes is 1 and no is 0. */
export const METRICS = {
  running: { of: "server", kinds: every, unit: "yes or no", says: "its process runs" },
  healthy: { ...application, unit: "percent", says: "of the load balancers call it healthy" },
  sessions: { ...application, unit: "count", says: "requests in flight" },
  answersPerSecond: { ...application, ...counted, unit: "per second", says: "answers through the load balancers" },
  errorsPerSecond: { ...application, ...counted, unit: "per second", says: "answers with a status of 500 or more" },
  errorPercent: { ...application, ...counted, unit: "percent", says: "of its answers have a status of 500 or more" },
  requestsPerSecond: { ...loadBalancer, ...counted, unit: "per second", says: "requests of the public" },
  failedPerSecond: {
    ...{ ...loadBalancer, ...counted, unit: "per second" },
    says: "requests of the public without an answer of an application",
  },
  failedPercent: {
    ...{ ...loadBalancer, ...counted, unit: "percent" },
    says: "of the public's requests have no answer of an application",
  },
  page: { ...loadBalancer, unit: "yes or no", says: "it shows the maintenance page or holds requests" },
  follows: { ...replica, unit: "yes or no", says: "it replicates from the primary" },
  lagTransactions: { ...replica, unit: "count", says: "transactions behind the primary, by position" },
  errorLines: {
    of: "server",
    kinds: every,
    ...counted,
    unit: "per minute",
    says: "lines of its log match the pattern",
  },
  diskFreePercent: { of: "server", kinds: every, unit: "percent", says: "of its disk are free" },
  diskFreeBytes: { of: "server", kinds: every, unit: "bytes", says: "free on its disk" },
  poolHealthy: { of: "pool", unit: "count", says: "healthy servers, on the load balancer that sees fewest" },
  poolHealthyPercent: {
    ...{ of: "pool", unit: "percent" },
    says: "of its servers are healthy, on the load balancer that sees fewest",
  },
  backupAgeHours: { of: "environment", unit: "hours", says: "since the newest proven backup was taken" },
} as const satisfies Record<string, Metric>;

export type MetricName = keyof typeof METRICS;

export const metricNames = Object.keys(METRICS) as [MetricName, ...MetricName[]];

export const metricOf = (name: MetricName): Metric => METRICS[name];
