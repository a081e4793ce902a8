/** Hosts of a lab for the host contract: each server has one to itself, and what a test leaves on them is wiped. */
import { existsSync, readFileSync } from "node:fs";
import { type Lab, DIRECTORY } from "../../../src/providers/lab/lab.ts";
import type { Host } from "../../../src/model/host.ts";
import type { Provider } from "../../../src/model/provider.ts";
import { createSshPool } from "../../../src/providers/ssh/pool.ts";
import { createSshHostsProvider } from "../../../src/providers/ssh/provider.ts";
import { endAllOf, loseStoppers, realClock, shellPrograms } from "./real-world.ts";
import { type HostWorld, linesIn } from "./world.ts";

const OUTSIDE = "/srv/outside";

/** Listens on the host itself, and says so; it ends with the host. */
const ECHO = `const [to] = process.argv.slice(1).map(JSON.parse);
require("net").createServer((socket) => socket.on("error", () => {}).pipe(socket)).listen(to, () => console.log("listens"));`;

/** What is left of servers, by the mark that the runner puts on all of their processes. */
const WIPE = `for round in 1 2; do
  for path in $(grep -ls CHANGEOVER_SERVER= /proc/[0-9]*/environ); do path=\${path#/proc/}; kill -9 "\${path%/environ}"; done
done 2>/dev/null
rm -rf ${DIRECTORY}/*/ ${OUTSIDE}; mkdir -p ${OUTSIDE}`;

export function labWorld(lab: Lab): HostWorld {
  const pool = createSshPool();
  const providers: Provider[] = [];
  const { kind: _, ...settings } = lab.provider;
  let turn = 0;
  const used = new Set<number>();
  const numberOf = ({ address }: Host): number => settings.hosts.indexOf(address) + 1;
  const run = async (host: number, command: string[], until: string | null): Promise<void> => {
    const child = await lab.spawn(host, command);
    child.stderr?.resume();
    await new Promise<void>((resolve, reject) => {
      child.once("error", reject).once("close", () => resolve());
      child.stdout?.on("data", (said) => until !== null && String(said).includes(until) && resolve());
    });
  };
  return {
    clock: realClock,
    programs: shellPrograms,
    /** A test takes a few, one after the other. */
    get address() {
      const at = turn++ % settings.hosts.length;
      used.add(at + 1);
      return settings.hosts[at] ?? "";
    },
    outside: (host, name) => {
      const path = `${OUTSIDE}/${name}`;
      const here = lab.onDisk(numberOf(host), path);
      return { path, lines: () => linesIn(existsSync(here) ? readFileSync(here, "utf8") : "") };
    },
    provider(token = 1) {
      const made = createSshHostsProvider({ ...settings, connect: pool.transport, token: () => token });
      providers.push(made);
      return made;
    },
    crash: (host) => endAllOf(lab.onDisk(numberOf(host), host.directory)),
    loseStoppers,
    echo: (at) => {
      const host = "unix" in at ? ownerOf(lab, at.unix) : settings.hosts.indexOf(at.host) + 1;
      const to = "unix" in at ? { path: at.unix } : at;
      return run(host, [process.execPath, "-e", ECHO, JSON.stringify(to)], "listens");
    },
    async rest() {
      await Promise.all([...used].map((host) => run(host, ["sh", "-c", WIPE], null)));
      used.clear();
    },
    async close() {
      for (const each of providers) await each.close();
      await pool.close();
      await lab.close();
    },
  };
}

/** The host on whose disk the server of a path lies. */
function ownerOf({ provider, onDisk }: Lab, path: string): number {
  const folder = path.slice(0, path.lastIndexOf("/"));
  return provider.hosts.findIndex((_host, at) => existsSync(onDisk(at + 1, folder))) + 1;
}
