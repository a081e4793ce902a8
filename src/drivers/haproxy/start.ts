/** Writes a load balancer's files, has HAProxy check them, and brings the process up. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { dirname } from "node:path/posix";
import { type Clock, waitFor } from "../../model/clock.ts";
import { shortSocketFolder } from "../../model/socket-folder.ts";
import type { Host } from "../../model/host.ts";
import type { LoadBalancerSettings } from "../../model/load-balancer.ts";
import { Problem } from "../../model/problem.ts";
import { renderConfig } from "./config.ts";
import { type Desired, desiredFile, FOLDER, readDesired } from "./desired.ts";
import { FIRST_MAPS, MAP_MODE, mapFile, renderMap } from "./maps.ts";
import { firstAlert } from "./parse.ts";
import type { Wire } from "./wire.ts";

export const SERVICE = "haproxy";
export const CONFIG = `${FOLDER}/haproxy.cfg`;
const CANDIDATE = `${FOLDER}/haproxy.cfg.next`;
const START_LIMIT = 15_000;
const GATE = readFileSync(new URL("hold.lua", import.meta.url), "utf8");

/**
 * A unix socket's path must stay under 108 bytes with the suffix HAProxy binds it by. Where the server's folder is
 * too long, a folder in /tmp that only its owner may enter takes its place; the service makes it again after a reboot.
 */
export function socketPath(directory: string): string {
  const near = `${directory}/${FOLDER}/runtime.sock`;
  if (near.length <= 90 && /^[\w./-]+$/.test(near)) return near;
  return `${shortSocketFolder(directory)}/runtime.sock`;
}

/** Outside the server's folder nobody else would clear it away. */
export async function forgetSocket(host: Host): Promise<void> {
  const socket = socketPath(host.directory);
  if (socket.startsWith(host.directory)) return;
  await host.exec(`rm -f ${socket}; rmdir ${dirname(socket)} 2>/dev/null || true`, { timeoutMs: 10_000 });
}

/** One foreground process: its parent-and-worker mode would only be there for reloads, and we never reload. */
function serviceCommand(program: string, socket: string): string {
  const folder = dirname(socket);
  const own = `{ [ -d ${folder} ] || mkdir -m 700 ${folder}; } && [ -O ${folder} ] && [ ! -L ${folder} ]`;
  const foreign = `{ echo "[ALERT] (0) : ${folder} belongs to somebody else"; exit 1; }`;
  return `${own} || ${foreign}; exec ${program} -db -f haproxy.cfg`;
}

export async function startHaproxy(
  host: Host,
  clock: Clock,
  wire: Wire,
  settings: LoadBalancerSettings,
): Promise<void> {
  const machine = await readMachine(host);
  const before = await readDesired(host);
  const desired: Desired = {
    members: { a: [], b: [] },
    endpoints: { a: null, b: null },
    ...before,
    settings,
    name: host.name,
    address: host.address,
    socket: socketPath(host.directory),
    connections: machine.connections,
    threads: machine.threads,
  };
  await writeFiles(host, desired);
  const config = renderConfig(desired);
  await checkConfig(host, machine.program, config);
  const running = (await host.serviceState(SERVICE)).state === "running";
  await refuseTakenPorts(host, desired, running ? before : null);
  await host.putFiles([desiredFile(desired), { path: CONFIG, data: config }]);
  await host.startService({
    name: SERVICE,
    command: serviceCommand(machine.program, desired.socket),
    cwd: FOLDER,
    // Another definition makes the provider start it anew: only when something changed that a running one can't take.
    env: { CONFIGURATION_HASH: fingerprint(desired) },
  });
  await waitUntilUp(host, clock, wire);
}

async function writeFiles(host: Host, { settings }: Desired): Promise<void> {
  const { hosts, page } = settings;
  const names = [[hosts.public.toLowerCase(), "public"] as const, [hosts.test.toLowerCase(), "test"] as const];
  const firsts = await Promise.all(
    Object.entries(FIRST_MAPS).map(async ([map, entries]) => {
      const path = mapFile(map);
      // What was decided before stays decided.
      const decided = (await host.readFile(path)) !== null;
      return decided ? [] : [{ path, data: renderMap(Object.entries(entries)), mode: MAP_MODE }];
    }),
  );
  await host.putFiles([
    { path: mapFile("hosts"), data: renderMap(names), mode: MAP_MODE },
    ...firsts.flat(),
    { path: `${FOLDER}/page.html`, data: page },
    { path: `${FOLDER}/hold.lua`, data: GATE },
  ]);
}

/** Of all that a restart alone can change; members and endpoints change while it runs. */
function fingerprint(desired: Desired): string {
  const still: Desired = { ...desired, members: { a: [], b: [] }, endpoints: { a: null, b: null } };
  return createHash("sha256")
    .update(`${renderConfig(still)}${desired.settings.page}${GATE}`)
    .digest("hex")
    .slice(0, 16);
}

async function readMachine(host: Host): Promise<{ program: string; connections: number; threads: number }> {
  const look = "PATH=$PATH:/usr/sbin:/usr/local/sbin command -v haproxy; ulimit -Hn; nproc";
  const { stdout } = await host.exec(look, { timeoutMs: 10_000, reading: true });
  const lines = stdout.trim().split("\n");
  const program = lines.length === 3 ? lines[0] : undefined;
  if (!program) {
    throw new Problem("missing-tool", {
      what: `haproxy is not installed on "${host.name}"`,
      why: "it is neither in PATH nor in /usr/sbin nor in /usr/local/sbin",
      next: "apt-get install haproxy",
    });
  }
  const files = Number(lines[1]);
  return {
    program,
    // Two descriptors per connection; HAProxy refuses to start when its limit can't hold them.
    connections: Math.min(20_000, Math.floor((Number.isFinite(files) ? files : 1_000_000) * 0.4)),
    threads: Math.min(8, Number(lines[2]) || 1),
  };
}

async function checkConfig(host: Host, program: string, config: string): Promise<void> {
  await host.putFile(CANDIDATE, config);
  const check = await host.exec(`${program} -c -f haproxy.cfg.next 2>&1`, {
    timeoutMs: 20_000,
    cwd: FOLDER,
    reading: true,
  });
  if (check.code === 0) {
    await host.remove(CANDIDATE);
    return;
  }
  const alert = firstAlert(check.stdout);
  throw new Problem("bad-input", {
    what: `HAProxy does not accept the configuration of "${host.name}"`,
    why: alert?.why ?? (check.stdout.trim().slice(-300) || "it gave no reason"),
    next: "edit what that line was made from, then: changeover up",
    ...(alert?.line ? { at: `${host.directory}/${CANDIDATE}:${alert.line}` } : {}),
  });
}

/** Our own process may listen; where it does not yet, nobody else may either. */
async function refuseTakenPorts(host: Host, desired: Desired, before: Desired | null): Promise<void> {
  const ports = ({ settings }: Desired) => [settings.port, settings.endpointPorts.a, settings.endpointPorts.b];
  const ours = before ? ports(before) : [];
  for (const port of ports(desired).filter((it) => !ours.includes(it))) {
    const other = await host.dial({ host: host.address, port }, 1_000).catch(() => null);
    if (!other) continue;
    other.destroy();
    throw portTaken(host, `something already listens on ${host.address}:${port}`);
  }
}

async function waitUntilUp(host: Host, clock: Clock, wire: Wire): Promise<void> {
  const up = await waitFor(clock, { withinMs: START_LIMIT, everyMs: 100 }, async () => {
    const { state, pid, tail } = await host.serviceState(SERVICE);
    if (state === "failing") return { why: firstAlert(tail)?.why ?? tail.trim().slice(-300) };
    if (state !== "running" || !(await wire.answers())) return null;
    return (await wire.ask("show info")).includes(`Pid: ${pid}\n`) ? { why: null } : null;
  });
  if (up?.why === null) return;
  const why = up?.why ?? `its runtime socket did not answer within ${START_LIMIT / 1000} s`;
  await host.stopService(SERVICE, 2_000);
  if (/cannot bind/i.test(why)) throw portTaken(host, why);
  throw new Problem("step-failed", { what: `load balancer "${host.name}" does not start`, why, next: "changeover up" });
}

function portTaken(host: Host, why: string): Problem {
  return new Problem("refused", {
    what: `load balancer "${host.name}" can't have its ports`,
    why,
    next: "end that program or choose other ports, then: changeover up",
  });
}
