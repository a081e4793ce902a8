/** The kernel's side of a lab: commands of iproute2, and the processes that belong to a host. */
import { execFile, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

const execute = promisify(execFile);
const LIMIT_MS = 20_000;

/** What it printed; throws with what it complained of. */
export const run = (program: string, ...args: string[]): Promise<string> => runWithin(LIMIT_MS, program, ...args);

export async function runWithin(limitMs: number, program: string, ...args: string[]): Promise<string> {
  const { stdout } = await execute(program, args, { timeout: limitMs, maxBuffer: 8_000_000 });
  return stdout;
}

/** All lines in one process, each of them a command of `ip`. */
export function batch(lines: string[], ...before: string[]): Promise<void> {
  const child = spawn("ip", [...before, "-batch", "-"], { stdio: ["pipe", "ignore", "pipe"], timeout: LIMIT_MS });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (part: string) => {
    said += part;
  });
  child.stdin.on("error", () => {}).end(`${lines.join("\n")}\n`);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => (code === 0 ? resolve() : reject(new Error(said.trim()))));
  });
}

export interface Link {
  ifname: string;
  operstate?: string;
  flags?: string[];
}

export const links = async (): Promise<Link[]> => JSON.parse(await run("ip", "-j", "link")) as Link[];

export const namespaces = async (): Promise<string[]> =>
  (await run("ip", "netns", "list"))
    .split("\n")
    .map((line) => line.split(" ")[0] ?? "")
    .filter(Boolean);

/** Networks that this machine has addresses or routes in, as "10.77.0.0/16". */
export async function routes(): Promise<{ dst: string; dev?: string }[]> {
  return JSON.parse(await run("ip", "-j", "route", "show", "table", "all", "type", "unicast")) as { dst: string }[];
}

/** Processes with this at the beginning of an entry of their environment. */
export function marked(mark: string): number[] {
  return pids().filter((pid) => {
    const environment = read(`/proc/${pid}/environ`);
    return environment.startsWith(mark) || environment.includes(`\0${mark}`);
  });
}

/** All of it: a first process takes everything in its namespace along. */
export async function end(find: () => number[] | Promise<number[]>): Promise<void> {
  for (let round = 0; round < 100; round++) {
    const left = (await find()).filter((pid) => !isZombie(pid));
    if (left.length === 0) return;
    for (const pid of left) kill(pid);
    await sleep(20);
  }
  throw new Error(`processes ${(await find()).join(", ")} do not end`);
}

/** The first process of its namespace has the number 1 there. */
export const isFirst = (pid: number): boolean => /^NSpid:.*\t1$/m.test(read(`/proc/${pid}/status`));

export const inNamespace = async (name: string): Promise<number[]> =>
  (await run("ip", "netns", "pids", name)).split("\n").filter(Boolean).map(Number);

const pids = (): number[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);

const isZombie = (pid: number): boolean => /^State:\s+[ZX]/m.test(read(`/proc/${pid}/status`));

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It was faster.
  }
}
