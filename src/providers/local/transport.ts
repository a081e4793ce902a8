/** Reaches this very machine: shell lines as child processes, sockets as they are. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Stored } from "../../model/host.ts";
import { Problem } from "../../model/problem.ts";
import { Collected } from "../runner/collected.ts";
import { KEPT_SHELL, KeptShells, type Pipes } from "../runner/kept-shell.ts";
import { type DialTarget, feed, type Transport, type TransportResult } from "../runner/transport.ts";

/** Enough to find programs; everything else of the control plane's environment, secrets too, stays here. */
const passedOn = ["PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TZ", "TMPDIR"];

const environment = (): Record<string, string> =>
  Object.fromEntries(passedOn.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));

const SHELLS_MOST = 4;
/** Of this process: all its providers are about the same machine. */
const shells = new KeptShells(SHELLS_MOST, openKept);

export function createLocalTransport(): Transport {
  return {
    exec: (command, stdin, { timeoutMs, apart }) =>
      (apart ? null : shells.run(command, stdin, timeoutMs)) ?? runAlone(command, stdin, timeoutMs),
    dial,
    brought: new Map(),
    close: async () => {},
  };
}

/** Ends by itself when this process does: it reads to the end of its input. */
async function openKept(): Promise<Pipes> {
  const child = spawn("/bin/sh", ["-c", KEPT_SHELL], { detached: true, env: environment(), stdio: "pipe", cwd: "/" });
  await once(child, "spawn");
  // It keeps nobody from ending; a command that runs in it has a timer, which does.
  child.unref();
  for (const pipe of [child.stdin, child.stdout, child.stderr] as Socket[]) pipe.unref();
  return {
    ...{ input: child.stdin, output: child.stdout, errors: child.stderr },
    // Not its close: what it leaves behind may hold its pipes.
    whenGone: (told) => void child.once("exit", told),
    end: () => endGroup(child.pid),
  };
}

/** With whatever runs in it: it leads a group of its own. */
function endGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, "SIGKILL");
  } catch {
    // It is gone already.
  }
}

function runAlone(command: string, stdin: Buffer | Stored, timeoutMs: number): Promise<TransportResult> {
  return new Promise((resolve, reject) => {
    // In a session of its own: what is pressed on the control plane's terminal must not reach it.
    const child = spawn("/bin/sh", ["-c", command], { detached: true, env: environment(), stdio: "pipe" });
    const [stdout, stderr] = [new Collected(child.stdout), new Collected(child.stderr)];
    const finish = (code: number | null) => {
      clearTimeout(timer);
      try {
        resolve({ code, stdout: stdout.whole(), stderr: stderr.whole() });
      } catch (error) {
        reject(error);
      }
    };
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      for (const pipe of [child.stdin, child.stdout, child.stderr]) pipe.destroy();
      finish(null);
    }, timeoutMs);
    child.once("error", (error) => {
      clearTimeout(timer);
      const next = "check that /bin/sh is there and that processes can be started";
      reject(new Problem("unreachable", { what: "no shell on this machine", why: error.message, next }, error));
    });
    child.once("close", (code) => finish(code));
    feed(child.stdin, stdin);
  });
}

async function dial(to: DialTarget, timeoutMs: number): Promise<Duplex> {
  const socket = "unix" in to ? connect({ path: to.unix }) : connect({ host: to.host, port: to.port, noDelay: true });
  try {
    await once(socket, "connect", { signal: AbortSignal.timeout(timeoutMs) });
    return socket;
  } catch (error) {
    socket.destroy();
    const where = "unix" in to ? to.unix : `${to.host}:${to.port}`;
    const why = error instanceof Error ? error.message : String(error);
    throw new Problem("unreachable", { what: `nothing answers at ${where}`, why, next: "changeover doctor" }, error);
  }
}
