/** Planning a major upgrade of very many servers, beside writing down and hashing the same plan. */
import { type EnvironmentDefinition, environmentSchema } from "../src/model/environment.ts";
import type { Inventory, SeenApplication, SeenDatabase } from "../src/model/inventory.ts";
import type { Member } from "../src/model/load-balancer.ts";
import { type Plan, planHash } from "../src/model/plan.ts";
import { addressAt, needsWide } from "../src/plan/addresses.ts";
import { databaseEndpoint, installOf } from "../src/plan/layout.ts";
import { planMajor } from "../src/plan/strategies/major/major.ts";
import type { ServerKind, ServerRecord } from "../src/model/provider.ts";
import { figureOf, median } from "./figures.ts";
import type { Asked, Outcome, Row } from "./results.ts";

const RUNS = 5;
const SIZES = [1_000, 2_000, 5_000, 10_000];
/** Each run plans this often, after as many to warm up; the median counts. */
const TURNS = 5;
const TARGET_MS = 200;
const TARGET_RATIO = 1.5;

export async function planning({ runs }: Asked): Promise<Outcome> {
  const rows: Row[] = [];
  for (let run = 1; run <= (runs ?? RUNS); run++) {
    for (const servers of SIZES) rows.push({ run, servers, ...measure(servers) });
  }
  const at = (servers: number, column: string) =>
    rows.filter((row) => row.servers === servers).map((row) => Number(row[column]));
  const perServer = (servers: number) => at(servers, "cpuMs").map((ms) => ms / servers);
  const ratios = perServer(10_000).map((each, turn) => each / (perServer(1_000)[turn] ?? Number.NaN));
  return {
    rows,
    figures: {
      "1 000 servers": figureOf("ms", at(1_000, "planMs"), { statistic: "median", most: TARGET_MS }),
      "10 000 servers": figureOf("ms", at(10_000, "planMs")),
      "a server's, 10k to 1k": figureOf("ratio", ratios, { statistic: "median", most: TARGET_RATIO }),
      "hashing it, 1 000": figureOf("ms", at(1_000, "hashMs")),
      "hashing it, 10 000": figureOf("ms", at(10_000, "hashMs")),
    },
    failures: [],
  };
}

function measure(servers: number): Row {
  const wish = wishFor(servers);
  const plan = planMajor(wish);
  const whole = medianOf(() => planHash(planMajor(wish)));
  const hash = medianOf(() => planHash(plan));
  return { steps: stepsOf(plan), planMs: whole.ms, cpuMs: whole.cpuMs, hashMs: hash.ms, hashCpuMs: hash.cpuMs };
}

const stepsOf = ({ stages }: Plan): number => stages.reduce((sum, { steps }) => sum + steps.length, 0);

/** By the clock, and the processor time of all threads: a busy machine takes turns away from what takes long. */
function medianOf(work: () => unknown): { ms: number; cpuMs: number } {
  const took = Array.from({ length: 2 * TURNS }, () => {
    const [began, used] = [performance.now(), process.cpuUsage()];
    work();
    const { user, system } = process.cpuUsage(used);
    return { ms: performance.now() - began, cpuMs: (user + system) / 1000 };
  }).slice(TURNS);
  return { ms: median(took.map(({ ms }) => ms)), cpuMs: median(took.map(({ cpuMs }) => cpuMs)) };
}

const many = <T>(count: number, make: (place: number) => T): T[] => Array.from({ length: count }, (_, at) => make(at));

function definitionFor(servers: number): EnvironmentDefinition {
  const release = { artefact: "release", start: { web: "./web.sh", worker: "./worker.sh" }, migrate: "./migrate.sh" };
  return environmentSchema.parse({
    environment: "large",
    hosts: { public: "www.example.test", test: "green.example.test" },
    application: { name: "app", servers, workers: 10 },
    database: { engine: "mariadb", name: "app", user: "app" },
    release: "1",
    releases: { "1": release, "2": { ...release, inputs: { MODE: "new", KEY: { credential: "key" } } } },
    checks: { health: { path: "/health" }, read: [{ path: "/" }] },
  });
}

/** Every guard holds: two load balancers, a primary and its replica, and so many servers that all serve. */
function wishFor(servers: number) {
  const definition = definitionFor(servers);
  const network = { prefix: needsWide(definition) ? "127.220" : "127.31.7" };
  const recordOf = (kind: ServerKind, prefix: string, place: number): ServerRecord => ({
    environment: "large",
    name: `${prefix}-${place + 1}`,
    kind,
    address: addressAt(network, kind, place) ?? "",
    labels: kind === "application" ? { slot: "a" } : {},
  });
  const balancers = many(2, (place) => recordOf("load-balancer", "lb", place));
  const [primary, replica] = [recordOf("database", "db", 0), recordOf("database", "db", 1)];
  const applications = many(servers, (turn): SeenApplication => {
    const at = { loadBalancers: balancers, slot: "a" as const, turn };
    return {
      record: recordOf("application", "app", turn),
      installed: installOf(definition, "1", "a".repeat(32), at),
      roles: { web: "running", worker: turn < 10 ? "running" : "absent" },
    };
  });
  const inventory: Inventory = {
    environment: "large",
    readAt: 0,
    loadBalancers: balancers.map((record) => ({
      record,
      running: true,
      routes: { public: "a", test: null },
      maintenance: false,
      held: false,
      testers: 0,
      members: { a: applications.map(memberOf), b: [] },
      endpoints: { a: databaseEndpoint(definition, primary), b: null },
    })),
    applications,
    databases: [databaseAt(primary, null), databaseAt(replica, primary.address)],
  };
  return { definition, network, inventory, to: "2", artefacts: { "2": "b".repeat(32) }, failAt: null };
}

const memberOf = ({ record: { name: server, address } }: SeenApplication): Member => ({
  server,
  address,
  port: 8000,
  state: "ready",
  healthy: true,
  sessions: 0,
});

function databaseAt(record: ServerRecord, following: string | null): SeenDatabase {
  const writable = following === null;
  const health = { running: true, writable, following, replicating: !writable, error: null };
  return { record, health: { ...health, bootsWritable: writable, bootsFollowing: !writable }, position: "0-1-1" };
}
