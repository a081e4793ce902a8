/** Reaches this very machine: shell lines as child processes, sockets as they are. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import type { Duplex } from "node:stream";
import type { Stored } from "../../model/host.ts";
import { Problem } from "../../model/problem.ts";
import { Collected } from "../runner/collected.ts";
import { type DialTarget, feed, type Transport, type TransportResult } from "../runner/transport.ts";

/** Enough to find programs; everything else of the control plane's environment, secrets too, stays here. */
const passedOn = ["PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TZ", "TMPDIR"];

const environment = (): Record<string, string> =>
  Object.fromEntries(passedOn.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));

export function createLocalTransport(): Transport {
  return { exec: run, dial, brought: new Map(), close: async () => {} };
}

function run(command: string, stdin: Buffer | Stored, timeoutMs: number): Promise<TransportResult> {
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
