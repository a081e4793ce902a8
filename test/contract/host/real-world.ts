/** Real processes for the host contract: shell programs, loopback addresses, and a folder that goes away again. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock } from "../../../src/model/clock.ts";
import type { Host } from "../../../src/model/host.ts";
import type { Provider } from "../../../src/model/provider.ts";
import { type HostWorld, linesIn, type Programs } from "./world.ts";

const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

export const shellPrograms: Programs = {
  say: (text) => `printf %s ${quote(text)}`,
  sayThenExit: (text, code) => `echo ${quote(text)}; exit ${code}`,
  sleep: (ms) => `sleep ${ms / 1000}`,
  copyInput: () => "cat",
  printVariable: (name) => `printf %s "$${name}"`,
  printFolder: () => "pwd",
  append: (path, text) => `echo ${quote(text)} >>${quote(path)}`,
  appendSlowly: (path, ms) => `echo begun >>${quote(path)}; sleep ${ms / 1000}; echo ended >>${quote(path)}`,
  beatBehind: (path) =>
    `F=${quote(path)}; export F; (setsid sh -c 'while :; do echo beat >>"$F"; sleep 0.02; done' ` +
    "</dev/null >/dev/null 2>&1 &); sleep 600",
  flood: (bytes) => `head -c ${bytes} /dev/zero | tr '\\0' x; echo end`,
  kill: (pid) => `kill -9 ${pid}`,
  deaf: (path) => `trap '' TERM; while :; do echo beat >>${quote(path)}; sleep 0.02; done`,
};

export const realClock: Clock = {
  now: () => Date.now(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};

/** Pids of everything that belongs to a server, by the mark in its environment. */
export function processesOf(directory: string): number[] {
  const id = readFileSync(join(directory, ".changeover/id"), "utf8").trim();
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.filter((pid) => readProcess(pid, "environ").includes(`CHANGEOVER_SERVER=${id}`)).map(Number);
}

function readProcess(pid: string, what: "environ" | "cmdline"): string[] {
  try {
    return readFileSync(`/proc/${pid}/${what}`, "latin1").split("\0");
  } catch {
    return [];
  }
}

/** `folder`: where the server's directory lies on this machine. */
export async function endAllOf(folder: string): Promise<void> {
  for (let round = 0; round < 200; round += 1) {
    const pids = processesOf(folder);
    if (pids.length === 0) return;
    for (const pid of pids) kill(pid);
    await realClock.sleep(5);
  }
  throw new Error("processes do not die");
}

export async function loseStoppers({ directory }: Host): Promise<void> {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  const stoppers = pids.filter((pid) => {
    const words = readProcess(pid, "cmdline");
    return words.includes("service-stop") && words.includes(directory);
  });
  if (stoppers.length === 0) throw new Error("nobody stops anything there");
  for (const pid of stoppers) kill(Number(pid));
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It was faster.
  }
}

/** An address that no other test file uses at the same time. */
export const freshAddress = (): string => {
  const octet = () => 40 + Math.floor(Math.random() * 210);
  return `127.${octet()}.${octet()}.7`;
};

export interface RealSetting {
  /** Removed at the end. */
  folder: string;
  /** Where the servers live. */
  home: string;
  make(token: () => number): Provider;
  closing?: () => Promise<void>;
}

export function realWorld({ folder, home, make, closing }: RealSetting): HostWorld {
  const providers: Provider[] = [];
  const servers: Server[] = [];
  const sockets = new Set<Socket>();
  const provider = (token = 1): Provider => {
    const made = make(() => token);
    providers.push(made);
    return made;
  };
  return {
    clock: realClock,
    programs: shellPrograms,
    address: freshAddress(),
    outside: (_host, name) => {
      const path = join(folder, name);
      return { path, lines: () => linesIn(existsSync(path) ? readFileSync(path, "utf8") : "") };
    },
    provider,
    crash: (host) => endAllOf(host.directory),
    loseStoppers,
    echo: (at) =>
      new Promise((resolve, reject) => {
        const server = createServer((socket) => {
          sockets.add(socket.on("error", () => {}));
          socket.pipe(socket);
        });
        servers.push(server);
        server.once("error", reject).listen("unix" in at ? { path: at.unix } : at, resolve);
      }),
    async close() {
      const last = provider(1_000_000);
      const environments = existsSync(home) ? readdirSync(home, { withFileTypes: true }) : [];
      for (const environment of environments) {
        if (!environment.isDirectory() || environment.name.startsWith(".")) continue;
        for (const { name } of await last.list(environment.name)) await last.retire(environment.name, name);
      }
      for (const each of providers) await each.close();
      for (const socket of sockets) socket.destroy();
      for (const server of servers) server.close();
      await closing?.();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export const freshHome = (): string => mkdtempSync(join(tmpdir(), "changeover-host-"));
