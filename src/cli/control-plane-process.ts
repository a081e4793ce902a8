/** Finds the control plane of a home, or starts it: a supervised process that outlives the command. */
import { spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Health } from "../api/contract.ts";
import { Problem } from "../model/problem.ts";
import { type Client, createClient, Gone } from "./client.ts";
import { logOf, makeHome } from "./home.ts";
import { MAIN } from "./installation.ts";

const START_MS = 90_000;
const RETURN_MS = 10_000;
const END_MS = 15_000;
/** A small young generation keeps an idle control plane small; the warnings are about libraries and Node's own ways. */
const NODE_FLAGS = [
  "--max-semi-space-size=1",
  "--disable-warning=ExperimentalWarning",
  "--disable-warning=DeprecationWarning",
];
/** glibc would keep tens of megabytes of what packing a release has freed. */
const SMALL_HEAP = { MALLOC_ARENA_MAX: "2", MALLOC_MMAP_THRESHOLD_: "65536", MALLOC_TRIM_THRESHOLD_: "65536" };
const SUPERVISOR = join(import.meta.dirname, "supervise.sh");

/** Answering afterwards. What only reads is asked once more when the control plane went away in between and comes back. */
export async function ensureControlPlane(home: string): Promise<Client> {
  const client = createClient(home);
  if (!(await healthOf(client))) {
    startSupervisor(makeHome(home));
    if (!(await answersWithin(client, START_MS))) throw doesNotStart(home);
  }
  const get = async <T>(path: string): Promise<T> => {
    try {
      return await client.get<T>(path);
    } catch (error) {
      // By its supervisor, not by us: it may have been ended on purpose.
      if (!(error instanceof Gone) || !(await answersWithin(client, RETURN_MS))) throw error;
      return await client.get<T>(path);
    }
  };
  return { ...client, get };
}

async function answersWithin(client: Client, withinMs: number): Promise<boolean> {
  for (const deadline = Date.now() + withinMs; Date.now() < deadline; await sleep(50)) {
    if (await healthOf(client)) return true;
  }
  return false;
}

const doesNotStart = (home: string): Problem =>
  new Problem("unhealthy", {
    what: "the control plane does not start",
    why: existsSync(logOf(home)) ? readFileSync(logOf(home), "utf8").trim().slice(-600) : "it left no log",
    next: "changeover doctor",
  });

export async function healthOf(client: Client): Promise<Health | null> {
  try {
    return await client.get<Health>("/health");
  } catch (error) {
    if (error instanceof Problem && error.kind === "unreachable") return null;
    throw error;
  }
}

/** Only one of several becomes the supervisor: it takes a lock in the home folder. */
function startSupervisor(home: string): void {
  const log = openSync(logOf(home), "a", 0o600);
  const child = spawn("/bin/sh", [SUPERVISOR, home, process.execPath, ...NODE_FLAGS, MAIN, "serve"], {
    cwd: "/",
    detached: true,
    stdio: ["ignore", log, log],
    env: { ...process.env, ...SMALL_HEAP, CHANGEOVER_HOME: home, NODE_OPTIONS: "" },
  });
  child.unref();
  closeSync(log);
}

/** Waits for a control plane that was told to end, and for its supervisor; what does not end by itself is ended. */
export async function untilGone(home: string): Promise<void> {
  for (const file of ["control.pid", "supervisor.pid"]) {
    const path = join(home, file);
    if (!existsSync(path)) continue;
    const pid = Number(readFileSync(path, "utf8"));
    const deadline = Date.now() + END_MS;
    while (belongsTo(pid, home)) {
      if (Date.now() > deadline) process.kill(pid, "SIGKILL");
      await sleep(20);
    }
  }
}

/** A pid can be somebody else's by now: ours carries the home in its environment. */
function belongsTo(pid: number, home: string): boolean {
  try {
    const environment = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
    const state = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.[0];
    return environment.includes(`CHANGEOVER_HOME=${home}`) && state !== "Z";
  } catch {
    return false;
  }
}
