/** The embedded control database: starts, finds again, revives and stops a PostgreSQL of our own. */
import { rmSync } from "node:fs";
import path from "node:path";
import pg from "pg";
import { Problem } from "../model/problem.ts";
import { chooseAccount, forgetPlace, placeFor, placeKnown } from "./embedded-account.ts";
import { ensureBinaries, removeLeftovers } from "./embedded-binaries.ts";
import { clearStaleLock, livingServer, processesIn } from "./embedded-lock.ts";
import { createCluster, lastWords, socketFolder, spawnServer } from "./embedded-process.ts";

export interface Embedded {
  /** For openStore and startEngine. */
  url: string;
  /** Of the server; 0 when it ended again at once. */
  pid: number;
  /** Where binaries, data, socket and log live; not always inside `home`. */
  place: string;
}

const START_MS = 60_000;
/** A server that ends this often without ever answering will not start by trying again. */
const DEATHS = 8;
const starting = new Map<string, Promise<Embedded>>();

/** Running and answering afterwards. Safe to repeat, also from several processes at once: there is one server. */
export function ensureEmbedded(options: { home: string }): Promise<Embedded> {
  const home = path.resolve(options.home);
  const running = starting.get(home) ?? start(home).finally(() => starting.delete(home));
  starting.set(home, running);
  return running;
}

async function start(home: string): Promise<Embedded> {
  const account = chooseAccount();
  const place = placeFor(account, home);
  const sockets = socketFolder(account, place);
  const data = path.join(place, "data");
  if (!(await answers(sockets))) {
    removeLeftovers(place);
    const binaries = ensureBinaries(place);
    createCluster(account, binaries, data);
    await untilItAnswers({ data, sockets, place, spawn: () => spawnServer(account, binaries, place, data, sockets) });
  }
  await createDatabase(sockets);
  return { url: urlOf(sockets, "changeover"), pid: livingServer(data) ?? 0, place };
}

interface Attempt {
  data: string;
  sockets: string;
  place: string;
  spawn(): ReturnType<typeof spawnServer>;
}

/** Another starter may win, a dying server may still hold its lock for a moment: so it tries again until one answers. */
async function untilItAnswers({ data, sockets, place, spawn }: Attempt): Promise<void> {
  const deadline = Date.now() + START_MS;
  let child: ReturnType<typeof spawnServer> | null = null;
  for (let deaths = 0; ; ) {
    if (livingServer(data) === null && (child === null || child.ended())) {
      if (child && ++deaths >= DEATHS) break;
      await pause(200 * deaths);
      clearStaleLock(data, sockets);
      child = spawn();
    }
    if (await answers(sockets)) return;
    if (Date.now() > deadline) break;
    await pause(25);
  }
  throw new Problem("unhealthy", {
    what: "the embedded control database does not start",
    why: lastWords(place),
    next: `read ${path.join(place, "postgres.log")}, then: changeover up`,
  });
}

async function answers(sockets: string): Promise<boolean> {
  const client = await connect(sockets);
  await client?.end();
  return client !== null;
}

async function connect(sockets: string): Promise<pg.Client | null> {
  const client = new pg.Client({ connectionString: urlOf(sockets, "postgres"), connectionTimeoutMillis: 2_000 });
  client.on("error", () => {});
  try {
    await client.connect();
    return client;
  } catch {
    await client.end().catch(() => {});
    return null;
  }
}

const DUPLICATE_DATABASE = "42P04";
const UNIQUE_VIOLATION = "23505";

async function createDatabase(sockets: string): Promise<void> {
  const client = await connect(sockets);
  if (!client) return;
  try {
    const { rowCount } = await client.query("select 1 from pg_database where datname = 'changeover'");
    if (!rowCount) await client.query("create database changeover");
  } catch (error) {
    // Two first starters at once: the other one made it.
    if (![DUPLICATE_DATABASE, UNIQUE_VIOLATION].includes((error as { code?: string }).code ?? "")) throw error;
  } finally {
    await client.end();
  }
}

const urlOf = (sockets: string, database: string): string =>
  `postgresql://changeover@localhost/${database}?host=${encodeURIComponent(sockets)}`;

/** True when a server was running. Open work is cut off, as in a crash, and nothing acknowledged is lost. */
export async function stopEmbedded(options: { home: string }): Promise<boolean> {
  const place = placeKnown(path.resolve(options.home));
  const data = place && path.join(place, "data");
  if (!data || livingServer(data) === null) return false;
  for (const signal of ["SIGINT", "SIGQUIT", "SIGKILL"] as const) {
    const pid = livingServer(data);
    if (pid !== null) process.kill(pid, signal);
    for (let waited = 0; waited < 10_000; waited += 50) {
      if (processesIn(data).length === 0) return true;
      await pause(50);
    }
  }
  throw new Problem("timed-out", {
    what: "the embedded control database does not stop",
    why: `processes ${processesIn(data).join(", ")} still work in ${data}`,
    next: "end them by hand, then: changeover down",
  });
}

/** Stops it and removes everything it kept. */
export async function removeEmbedded(options: { home: string }): Promise<void> {
  const home = path.resolve(options.home);
  await stopEmbedded({ home });
  const place = placeKnown(home);
  if (place) {
    rmSync(socketFolder(chooseAccount(), place), { recursive: true, force: true });
    rmSync(place, { recursive: true, force: true });
  }
  forgetPlace(home);
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
