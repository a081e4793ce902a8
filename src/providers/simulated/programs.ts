/** What runs on the simulated machines: database, load balancer, and an application that is honest about its schema. */
import type { HttpCheck } from "../../model/application.ts";
import type { Endpoint } from "../../model/load-balancer.ts";
import type { Answer } from "../../model/world.ts";
import type { SimulatedClock } from "./clock.ts";
import type { Account, Connection } from "./database-connection.ts";
import type { DatabaseServer } from "./database-server.ts";
import type { Program, ProgramContext } from "./host-processes.ts";
import type { LoadBalancerServer, Web } from "./load-balancer-server.ts";
import { ROWS, tableOf, tablesOf, worksOn } from "./schema.ts";

/** One release of the simulated application: which schema it works on, and how it misbehaves. */
export interface SimulatedRelease {
  /** Names of all changes that its schema is made of, in order. */
  schema: string[];
  /** `half`: stops in the middle with exit 1. `lies`: exit 0 and nothing done. */
  migration: "good" | "half" | "hangs" | "lies";
  /** `migrates`: changes the schema when it starts, beyond what its migration did. */
  web: "good" | "never-healthy" | "dies" | "migrates";
  /** How much longer than others it thinks about each request but those for its health. */
  slowerMs?: number;
  /** Additions to a schema with which it can't use their table; what it does with others is as good as before. */
  breaksOn?: string[];
  /** Misbehaves only where it serves: on a restored copy all is well. */
  goodOnCopies?: boolean;
}

export interface Surroundings {
  environment: string;
  clock: SimulatedClock;
  releases: Record<string, SimulatedRelease>;
  listening: Map<string, Web>;
  database(name: string): DatabaseServer;
  loadBalancer(name: string): LoadBalancerServer;
  /** Null when nobody answers there. */
  connect(endpoint: Endpoint, account: Account): Connected | null;
  changed(what: string): void;
}

/** A connection, and the database it leads to. */
export interface Connected {
  connection: Connection;
  database: DatabaseServer;
}

const BOOT_MS = 150;
const LOAD_BALANCER_BOOT_MS = 30;
const WEB_BOOT_MS = 300;
const CHECK_EVERY_MS = 500;
const CHANGE_MS = 200;
const QUERY_MS = 2;
/** Until it is killed. */
const EVER_MS = Number.MAX_SAFE_INTEGER / 4;

export const programsOf = (around: Surroundings): Record<string, Program> => ({
  database: (context) => runDatabase(around, context),
  "load-balancer": (context) => runLoadBalancer(around, context),
  web: (context) => runWeb(around, context),
  worker: (context) => context.sleep(EVER_MS).then(() => 0),
  migrate: (context) => migrate(around, context),
});

async function runDatabase(around: Surroundings, { args: [name = ""], sleep }: ProgramContext): Promise<number> {
  const server = around.database(name);
  await sleep(BOOT_MS);
  server.boot();
  try {
    await sleep(EVER_MS);
  } finally {
    server.end();
  }
  return 0;
}

async function runLoadBalancer(around: Surroundings, { args: [name = ""], sleep }: ProgramContext): Promise<number> {
  const server = around.loadBalancer(name);
  await sleep(LOAD_BALANCER_BOOT_MS);
  server.boot();
  const killed = sleep(EVER_MS);
  try {
    for (;;) {
      await Promise.race([server.check(), killed]);
      await sleep(CHECK_EVERY_MS);
    }
  } finally {
    server.end();
  }
}

async function runWeb(around: Surroundings, { args, env, print, sleep }: ProgramContext): Promise<number> {
  const { HOST = "", PORT = "" } = env;
  const [name = ""] = args;
  const release = around.releases[name];
  if (!release) {
    print(`there is no release ${name}\n`);
    return 1;
  }
  await sleep(WEB_BOOT_MS);
  const how = release.goodOnCopies && isTrial(env) ? "good" : release.web;
  if (how === "dies") {
    print("can't read its inputs\n");
    return 1;
  }
  if (how === "migrates") migrateAtBoot(around, endpointOf(env));
  const web: Web = { answer: (check) => answerOnce(around, { ...release, web: how }, endpointOf(env), check) };
  around.listening.set(`${HOST}:${PORT}`, web);
  try {
    await sleep(EVER_MS);
  } finally {
    if (around.listening.get(`${HOST}:${PORT}`) === web) around.listening.delete(`${HOST}:${PORT}`);
  }
  return 0;
}

/** What a release adds to the schema when it starts, although it should not. */
const BOOTED = "add rows.at-boot";

const isTrial = (env: Record<string, string>): boolean => env.REHEARSAL === "1";

function migrateAtBoot(around: Surroundings, endpoint: Endpoint): void {
  const connection = around.connect(endpoint, "application")?.connection;
  connection?.write({ kind: "schema", name: BOOTED });
  connection?.end();
}

const endpointOf = ({ DATABASE_HOST = "", DATABASE_PORT = "" }: Record<string, string>): Endpoint => ({
  address: DATABASE_HOST,
  port: Number(DATABASE_PORT),
});

const says = (status: number, body: string): Answer => ({ status, headers: {}, body });

/** Each request has a connection of its own, which may be cut under it. */
async function answerOnce(
  around: Surroundings,
  release: SimulatedRelease,
  endpoint: Endpoint,
  check: HttpCheck,
): Promise<Answer> {
  const connected = around.connect(endpoint, "application");
  try {
    await around.clock.wake(QUERY_MS);
    return connected?.connection.stands ? await answer(around, release, connected, check) : says(503, "no database");
  } finally {
    connected?.connection.end();
  }
}

/** GET /healthz, GET /TABLE, POST /rows?key=…, DELETE /rows?key=… */
async function answer(
  around: Surroundings,
  release: SimulatedRelease,
  { connection, database }: Connected,
  { method, path }: HttpCheck,
): Promise<Answer> {
  if (database.openedBy !== around.environment) return says(503, "access denied");
  const { schema, rows } = database.history;
  if (!worksOn(release.schema, schema)) return says(503, "the schema is another one");
  const asked = new URL(path, "http://application");
  if (asked.pathname === "/healthz") return release.web === "never-healthy" ? says(503, "sick") : says(200, "good");
  if (release.slowerMs !== undefined) await around.clock.wake(release.slowerMs);
  const table = asked.pathname.slice(1);
  if (!tablesOf(release.schema).some((one) => one.table === table)) return says(404, "no such page");
  const broken = release.breaksOn?.find((name) => schema.includes(name) && tableOf(name) === table);
  if (broken) return says(500, `can't make sense of ${broken}`);
  if (!tablesOf(schema).some((one) => one.table === table)) return says(500, `there is no table ${table}`);
  if (method === "GET") {
    const read = table === ROWS ? rows.length : 1;
    database.watch.count(table, { read });
    return says(200, `${read} rows`);
  }
  if (table !== ROWS) return says(405, "its row stays as it is");
  const key = asked.searchParams.get("key") ?? "";
  const kind = method === "DELETE" ? "remove" : "put";
  if (kind === "put" && rows.includes(key)) return says(409, "there is a row with this key");
  if (!connection.write({ kind, key })) return says(500, "the database takes no write");
  await around.clock.wake(QUERY_MS);
  return says(kind === "put" ? 201 : 204, database.name);
}

/** On one connection from its beginning to its end, as such tools are. */
async function migrate(around: Surroundings, context: ProgramContext): Promise<number> {
  const release = around.releases[context.args[0] ?? ""];
  const connected = around.connect(endpointOf(context.env), "migration");
  if (!release || connected?.database.openedBy !== around.environment) {
    connected?.connection.end();
    context.print("no database that it may open, or no such release\n");
    return 1;
  }
  try {
    return await migrateOn(connected, release, context);
  } finally {
    connected.connection.end();
  }
}

async function migrateOn(
  { connection, database }: Connected,
  release: SimulatedRelease,
  { env, print, sleep }: ProgramContext,
): Promise<number> {
  const has = database.history.schema;
  const how = release.goodOnCopies && isTrial(env) ? "good" : release.migration;
  if (how === "lies") return 0;
  if (how === "hangs") await sleep(EVER_MS);
  if (has.some((name, at) => release.schema[at] !== name)) {
    print("the schema is newer than this release\n");
    return 1;
  }
  const left = release.schema.slice(has.length);
  const half = how === "half" || env.REHEARSE_FAILURE === "half";
  for (const name of half ? left.slice(0, Math.ceil(left.length / 2)) : left) {
    await sleep(CHANGE_MS);
    if (!connection.write({ kind: "schema", name })) return 1;
    print(`migrated ${name}\n`);
  }
  return half ? 1 : 0;
}
