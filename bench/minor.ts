/** The wall time of each strategy of minor upgrades, beside the critical path of the same run: what nobody can leave out. */
import type { Endpoint } from "../src/model/load-balancer.ts";
import { minorStrategies, type MinorStrategy } from "../src/model/plan.ts";
import type { ReportedStep } from "../src/model/report.ts";
import { arrivals } from "../src/ledger/arrivals.ts";
import { send } from "../src/ledger/request.ts";
import { readBlue } from "../src/plan/blue.ts";
import { systemClock } from "../src/run/clock.ts";
import type { Product } from "../test/product/product.ts";
import { type Figure, figureOf } from "./figures.ts";
import { NOTES, strategyRuns, upgradeNotes, withNotes } from "./notes.ts";
import type { Asked, Outcome, Row } from "./results.ts";
import { inShard } from "./shard.ts";

const TARGET = 1.2;
/** Nobody soaks anything, and nothing is kept. */
const minor = { batch: 2, shares: [10, 50], soakSeconds: 0.1, samples: 1, waitSeconds: 60 };
const limits = {
  healthySeconds: 20,
  drainSeconds: 3,
  sessionsSeconds: 4,
  stopSeconds: 10,
  migrateSeconds: 60,
  keepSeconds: 0,
};
/** So many of the other steps are named, those that took longest. */
const NAMED = 4;
/** A canary is judged by answers, so somebody has to ask. */
const ASKED_PER_SECOND = 20;

/** Servers and releases that start or end, data that is copied, migrations, checks of health, and waiting for sessions. */
const UNAVOIDABLE = new Set([
  ...["launch-server", "boot-server", "install-release", "bring-release", "replace-release"],
  ...["start-role", "stop-role", "halt-role"],
  ...["restore-backup", "migrate", "try-minor"],
  ...["probe-servers", "test-isolated", "smoke-test", "join-pool"],
  ...["leave-pool", "drain-members", "await-no-sessions", "compare-generations", "scan-errors"],
]);

export async function minorUpgrades({ runs, shard }: Asked): Promise<Outcome> {
  const rows: Row[] = [];
  for (const { run, strategy } of inShard(strategyRuns(runs ?? 1), shard)) {
    await withNotes(`bench-${strategy}`, { minor, limits }, async (product) => {
      rows.push(await oneRun(product, run, strategy));
    });
  }
  const ratios = (strategy: MinorStrategy): Figure => {
    const of = rows.filter((row) => row.strategy === strategy).map(({ wallRatio }) => Number(wallRatio));
    return figureOf("ratio", of, { statistic: "median", most: TARGET });
  };
  return {
    rows,
    failures: rows
      .filter(({ outcome }) => outcome !== "upgraded")
      .map(({ strategy, outcome }) => `${strategy}: ${outcome}`),
    figures: Object.fromEntries(
      minorStrategies.filter((one) => rows.some(({ strategy }) => strategy === one)).map((one) => [one, ratios(one)]),
    ),
  };
}

async function oneRun(product: Product, run: number, strategy: MinorStrategy): Promise<Row> {
  const drip = await openDrip(product);
  const ended = await upgradeNotes(product, strategy).finally(() => drip.end());
  if (!("outcome" in ended)) return { run, strategy, outcome: `${ended.state} at ${ended.gate?.name ?? "no gate"}` };
  const { outcome, steps, startedAt, endedAt } = ended;
  const wallMs = Date.parse(endedAt ?? "") - Date.parse(startedAt ?? "");
  const needed = steps.filter(({ name }) => UNAVOIDABLE.has(name));
  const criticalMs = covered(needed);
  const row = {
    ...{ run, strategy, outcome, steps: steps.length, wallMs, criticalMs },
    otherStepsMs: covered(steps) - criticalMs,
    betweenMs: wallMs - covered(steps),
    most: longest(steps.filter(({ name }) => !UNAVOIDABLE.has(name))),
    wallRatio: Math.round((100 * wallMs) / criticalMs) / 100,
  };
  console.error(`  ${JSON.stringify(row)}`);
  return row;
}

/** Milliseconds in which at least one of them ran: of those side by side only the longest counts. */
function covered(steps: ReportedStep[]): number {
  const spans = steps.map(({ at, durationMs }) => [Date.parse(at), Date.parse(at) + durationMs] as const);
  let [sum, until] = [0, Number.NEGATIVE_INFINITY];
  for (const [from, to] of spans.sort(([left], [right]) => left - right)) {
    sum += Math.max(0, to - Math.max(from, until));
    until = Math.max(until, to);
  }
  return sum;
}

function longest(steps: ReportedStep[]): string {
  const sums = new Map<string, number>();
  for (const { name, durationMs } of steps) sums.set(name, (sums.get(name) ?? 0) + durationMs);
  const sorted = [...sums].sort(([, left], [, right]) => right - left).slice(0, NAMED);
  return sorted.map(([name, ms]) => `${name} ${ms}`).join(", ");
}

async function openDrip(product: Product): Promise<{ end(): Promise<void> }> {
  const { inventory } = await product.status(NOTES);
  const targets: Endpoint[] = readBlue(inventory).loadBalancers.map(({ record: { address } }) => ({
    address,
    port: 8080,
  }));
  const ending = new AbortController();
  const ask = { method: "GET", path: "/version", expect: { status: 200 } } as const;
  let turns = 0;
  const coming = arrivals(systemClock, ASKED_PER_SECOND, ending.signal, () => {
    const target = targets[turns++ % targets.length];
    if (target) void send(ask, { target, host: "notes.test", timeoutMs: 5_000, agent: false });
  });
  return {
    end() {
      ending.abort();
      return coming;
    },
  };
}
