/** The product as a user meets it: its commands in a home of their own, of which nothing is left afterwards. */
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { EnvironmentStatus } from "../../src/api/contract.ts";
import { type Client, createClient } from "../../src/cli/client.ts";

const MAIN = join(import.meta.dirname, "../../src/main.ts");
const LIMIT_MS = 180_000;

export interface Ran {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface Started {
  child: ChildProcess;
  ended: Promise<Ran>;
  /** What it told on stderr so far. */
  told(): string;
}

export interface Product {
  /** Temporary files of everything that is started here are in it, too. */
  folder: string;
  home: string;
  client: Client;
  /** `input` goes to its standard input, which is empty else. */
  start(args: string[], input?: string): Started;
  run(args: string[]): Promise<Ran>;
  /** The last line of stdout of a command that must succeed. */
  answer<T>(args: string[]): Promise<T>;
  status(environment: string): Promise<EnvironmentStatus>;
  /** The same folder with another home in it. */
  at(home: string): Product;
  /** Ends whatever still runs here by force, and removes the folder. */
  end(): Promise<void>;
}

export const answerOf = <T>({ stdout, stderr }: Ran): T => {
  const line = stdout.trim().split("\n").at(-1) ?? "";
  if (!line.startsWith("{") && !line.startsWith("[")) throw new Error(`no JSON in the last line: ${stdout}${stderr}`);
  return JSON.parse(line) as T;
};

/** `program`: another one than this checkout's; a relative path begins in the product's folder. */
export function openProduct(name: string, program = MAIN): Product {
  const folder = join(tmpdir(), `changeover-${name}-${randomBytes(3).toString("hex")}`);
  const home = join(folder, "home");
  // The control database runs as another user when we are root: it has to pass.
  mkdirSync(home, { recursive: true, mode: 0o755 });
  return productIn(folder, home, resolve(folder, program));
}

function productIn(folder: string, home: string, program: string): Product {
  const client = createClient(home);
  const start = (args: string[], input?: string): Started =>
    watchOver(
      spawn(process.execPath, ["--disable-warning=ExperimentalWarning", program, ...args], {
        cwd: folder,
        env: { ...process.env, TMPDIR: folder, CHANGEOVER_HOME: home, NODE_OPTIONS: "" },
        stdio: ["pipe", "pipe", "pipe"],
      }),
      input,
    );
  return {
    folder,
    home,
    client,
    start,
    run: (args) => start(args).ended,
    async answer(args) {
      const ran = await start([...args, "--json"]).ended;
      if (ran.code !== 0) throw new Error(`changeover ${args.join(" ")} ended with ${ran.code}: ${ran.stderr}`);
      return answerOf(ran);
    },
    status: (environment) => client.get<EnvironmentStatus>(`/environments/${environment}`),
    at: (other) => productIn(folder, other, program),
    end: () => end(folder),
  };
}

function watchOver(child: ChildProcess, input?: string): Started {
  // A command that asks for nothing may have ended before it is given anything.
  child.stdin?.on("error", () => {}).end(input);
  const ran: Ran = { code: null, stdout: "", stderr: "" };
  child.stdout?.setEncoding("utf8").on("data", (part: string) => {
    ran.stdout += part;
  });
  child.stderr?.setEncoding("utf8").on("data", (part: string) => {
    ran.stderr += part;
  });
  const limit = setTimeout(() => child.kill("SIGKILL"), LIMIT_MS);
  const ended = new Promise<Ran>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      clearTimeout(limit);
      resolve({ ...ran, code });
    });
  });
  return { child, ended, told: () => ran.stderr };
}

interface Leftover {
  pid: number;
  command: string;
}

/** Processes that were started for this folder, work in it, or name it: supervisors, products, control planes. */
export function processesOf(folder: string): Leftover[] {
  return readdirSync("/proc").flatMap((entry) => {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || pid === process.pid) return [];
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
      const environment = readFileSync(`/proc/${pid}/environ`, "utf8");
      const here = [command, environment, readlinkSync(`/proc/${pid}/cwd`)].some((text) => text.includes(folder));
      // A zombie has no command any more: it has ended, and only waits for its parent.
      return here && command !== "" ? [{ pid, command }] : [];
    } catch {
      return [];
    }
  });
}

/** Empty when everything ended; what is on its way out gets a moment. */
export async function leftIn(folder: string): Promise<string[]> {
  let left = processesOf(folder);
  for (let waited = 0; left.length > 0 && waited < 5_000; waited += 100) {
    await sleep(100);
    left = processesOf(folder);
  }
  return left.map(({ pid, command }) => `${pid} ${command}`);
}

/** Supervisors bring their processes back, so it looks again until nobody is left. */
async function end(folder: string): Promise<void> {
  for (let round = 0; round < 50; round++) {
    const left = processesOf(folder);
    if (left.length === 0) break;
    for (const { pid } of left) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It ended in between.
      }
    }
    await sleep(50);
  }
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
