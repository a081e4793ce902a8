/** Looks at an environment for its alerts: only at what they ask for, and no server can hold up the others. */
import { watchedBy } from "../model/alerts/sampling.ts";
import type { MetricName } from "../model/alerts/metrics.ts";
import type { AlertRule } from "../model/alerts/rule.ts";
import {
  type AlertSight,
  type BalancerSight,
  inService,
  lineKey,
  primaryOf,
  type Seen,
} from "../model/alerts/sight.ts";
import { newestVerified, onShelf } from "../model/backup.ts";
import type { LinesAsked } from "../model/host.ts";
import type { Slot } from "../model/load-balancer.ts";
import type { ServerKind, ServerRecord } from "../model/provider.ts";
import type { World } from "../model/world.ts";
import { inTurns, limited, type Looker, type LookMemory, see, seldom } from "./limited-look.ts";

const LIST_MS = 10_000;
/** Of all questions together. */
const LOOK_MS = 40_000;
/** Of each log and look. */
const LOG_BYTES = 262_144;

export interface Asked {
  rules: readonly AlertRule[];
  /** Something unfinished is under way there. */
  busy: boolean;
  memory: LookMemory;
}

/** Throws when the servers can't even be listed. What did not answer in time does nothing more afterwards. */
export async function lookForAlerts(world: World, asked: Asked): Promise<AlertSight> {
  const over = new AbortController();
  try {
    return await look({ world: world.within(over.signal), endsAt: world.clock.now() + LOOK_MS }, asked);
  } finally {
    over.abort(new Error("the look is over"));
  }
}

async function look(looker: Looker, asked: Asked): Promise<AlertSight> {
  const { world } = looker;
  const { rules, busy } = asked;
  const metrics = new Set(rules.map(({ when }) => when.metric));
  const records = await limited(looker, LIST_MS, () => world.provider.list(world.environment));
  const reader = readerOf(looker, records);
  const sight: AlertSight = { ...nothingYet(), at: world.clock.now(), busy, records };
  const traffic = [...metrics].some((metric) => COUNTED.has(metric));
  sight.balancers = await reader.each("load-balancer", ({ name }) => readBalancer(world, name, traffic));
  [sight.web, sight.databases] = await Promise.all([
    rules.some(runs("application")) ? reader.each("application", ({ name }) => readWeb(world, name)) : {},
    rules.some(runs("database")) || metrics.has("follows") || metrics.has("lagTransactions")
      ? reader.each("database", async ({ name }) => (await world.database(name)).health())
      : {},
  ]);
  sight.records = records.filter(({ name }) => !reader.gone.has(name));
  await Promise.all([
    readLags(looker, sight, metrics),
    readDisks(looker, sight, asked),
    readLines(looker, sight, asked),
    readBackup(looker, sight, asked),
  ]);
  return sight;
}

const nothingYet = () => ({ balancers: {}, web: {}, databases: {}, lags: {}, disks: {}, lines: {}, backup: null });
const COUNTED = new Set<MetricName>([
  ...(["answersPerSecond", "errorsPerSecond", "errorPercent"] as const),
  ...(["requestsPerSecond", "failedPerSecond", "failedPercent"] as const),
]);

const runs =
  (kind: ServerKind) =>
  ({ when, on }: AlertRule): boolean =>
    when.metric === "running" && (on.kind ?? kind) === kind;

function readerOf(looker: Looker, records: readonly ServerRecord[]) {
  /** Retired since they were listed. */
  const gone = new Set<string>();
  return {
    gone,
    async each<T>(kind: ServerKind, read: (record: ServerRecord) => Promise<T>): Promise<Record<string, Seen<T>>> {
      const ofKind = records.filter((record) => record.kind === kind);
      const found = await inTurns(ofKind, async (record) => {
        const seen = await see(looker, () => read(record));
        if (seen === null) gone.add(record.name);
        return [record.name, seen] as const;
      });
      return Object.fromEntries(found.filter((one): one is [string, Seen<T>] => one[1] !== null));
    },
  };
}

async function readBalancer(world: World, name: string, traffic: boolean): Promise<BalancerSight | null> {
  const driver = await world.loadBalancer(name);
  if (!(await driver.running())) return null;
  const both = async <T>(read: (slot: Slot) => Promise<T>): Promise<Record<Slot, T>> => {
    const [a, b] = await Promise.all([read("a"), read("b")]);
    return { a, b };
  };
  const [open, test, maintenance, hold, members, endpoints, counters, answers] = await Promise.all([
    driver.readRoute("public"),
    driver.readRoute("test"),
    driver.readMaintenance(),
    driver.readHold(),
    both((slot) => driver.members(slot)),
    both((slot) => driver.readEndpoint(slot)),
    traffic ? driver.counters() : { requests: 0, paged: 0, held: 0, failed: 0 },
    traffic ? both((slot) => driver.answers(slot)) : { a: [], b: [] },
  ]);
  return {
    routes: { public: open, test },
    paged: maintenance || hold.held,
    ...{ members, endpoints, traffic: counters, answers: [...answers.a, ...answers.b] },
  };
}

const readWeb = async (world: World, name: string) => (await (await world.application(name)).state("web")).state;

/** Where the replica stands first, then where the primary is: what was written in between counts as behind. */
async function readLags(looker: Looker, sight: AlertSight, metrics: ReadonlySet<MetricName>): Promise<void> {
  const primary = primaryOf(sight);
  if (!metrics.has("lagTransactions") || primary === null) return;
  const replicas = inService(sight).filter(({ kind, name }) => kind === "database" && name !== primary.name);
  const { world } = looker;
  await inTurns(replicas, async ({ name }) => {
    const lag = await see(looker, async () => {
      const position = await (await world.database(name)).position();
      return (await world.database(primary.name)).transactionsSince(position);
    });
    if (lag) sight.lags[name] = lag;
  });
}

async function readDisks(looker: Looker, sight: AlertSight, { rules, memory }: Asked): Promise<void> {
  const wanted = targetsOf(sight, rules, (metric) => metric === "diskFreeBytes" || metric === "diskFreePercent");
  await inTurns([...wanted.keys()], async (name) => {
    const seen = await seldom(looker, memory, `disk ${name}`, () => looker.world.diskFree(name));
    if (seen) sight.disks[name] = seen;
  });
}

/** Which servers are watched for such a metric, and by which rules. */
function targetsOf(sight: AlertSight, rules: readonly AlertRule[], is: (metric: MetricName) => boolean) {
  const found = new Map<string, AlertRule[]>();
  for (const rule of rules.filter(({ when }) => is(when.metric)))
    for (const name of watchedBy(rule, sight) ?? []) {
      if (sight.records.some((record) => record.name === name)) found.set(name, [...(found.get(name) ?? []), rule]);
    }
  return found;
}

async function readLines(looker: Looker, sight: AlertSight, { rules, memory }: Asked): Promise<void> {
  const wanted = targetsOf(sight, rules, (metric) => metric === "errorLines");
  const looks = [...wanted].flatMap(([name, all]) => all.map((rule) => ({ name, rule })));
  await inTurns(looks, async ({ name, rule }) => {
    const key = lineKey(rule.name, name);
    const kind = sight.records.find((record) => record.name === name)?.kind ?? "application";
    // Another pattern of the same name goes on from the same place.
    const from = memory.places.get(key) ?? null;
    const asked = { pattern: rule.when.pattern ?? "", from, bytesMax: LOG_BYTES };
    const seen = await see(looker, () => countLines(looker.world, { name, kind, log: rule.when.log ?? "web" }, asked));
    if (seen === null) return;
    if ("seen" in seen) memory.places.set(key, seen.seen.place);
    sight.lines[key] = "seen" in seen ? { seen: from === null ? null : seen.seen.lines } : seen;
  });
}

async function countLines(
  world: World,
  { name, kind, log }: { name: string; kind: ServerKind; log: NonNullable<AlertRule["when"]["log"]> },
  asked: LinesAsked,
) {
  if (kind === "load-balancer") return (await world.loadBalancer(name)).countLines(asked);
  if (kind === "database") return (await world.database(name)).countLines(asked);
  return (await world.application(name)).countLines(log, asked);
}

async function readBackup(looker: Looker, sight: AlertSight, { rules, memory }: Asked): Promise<void> {
  if (!rules.some(({ when }) => when.metric === "backupAgeHours")) return;
  sight.backup = await seldom(looker, memory, "backup", async () => {
    const databases = sight.records.filter(({ kind }) => kind === "database");
    const held = await inTurns(databases, async ({ name, labels }) =>
      (await (await looker.world.database(name)).backups()).map((backup) => ({
        server: name,
        kept: labels.kept ?? null,
        backup,
      })),
    );
    return newestVerified(onShelf(held.flat()))?.backup.takenAt ?? null;
  });
}
