/** The server's process: option files, start, readiness, stop. */
import { waitFor } from "../../model/clock.ts";
import { Problem } from "../../model/problem.ts";
import { serverConfig } from "./config.ts";
import { runWork } from "./jobs.ts";
import { tail } from "./parse.ts";
import { closePassageIfDue } from "./passage.ts";
import { quote, withTools } from "./paths.ts";
import {
  keepState,
  readState,
  requireTools,
  serviceName,
  settingsOf,
  type Server,
  type StoredSettings,
} from "./server.ts";
import { ensureDirectory } from "./transfer.ts";

/** A crashed InnoDB repeats its log first. */
const readyMs = 120_000;
const graceMs = 60_000;
const triesMax = 3;

export async function writeConfig(server: Server, settings: StoredSettings): Promise<void> {
  const { host, paths } = server;
  const osUser = await server.administrator();
  await host.putFile(paths.config, serverConfig({ paths, address: host.address, osUser, ...settings }));
}

/** An empty data directory, made beside and renamed when it is whole. */
export async function installData(server: Server): Promise<void> {
  const { host, paths } = server;
  if (await hasData(server)) return;
  const [part, data] = [paths.part, paths.data].map((path) => quote(paths.absolute(path)));
  const user = quote(await server.administrator());
  const install =
    `mariadb-install-db --defaults-file=${quote(paths.absolute(paths.config))} --datadir=${part} --user=${user}` +
    ` --auth-root-authentication-method=socket --auth-root-socket-user=${user} --skip-test-db --skip-name-resolve`;
  const clear = `rm -rf ${part} && mkdir -p -m 700 ${part} ${quote(paths.absolute(paths.temporary))}`;
  // A left-over attempt that was attached to may have finished in the meantime.
  const command = `[ -e ${data} ] && exit 0; ${clear} && ${install} && mv -T ${part} ${data}`;
  await runWork(server, { name: "install", command, timeoutMs: 120_000 });
  if (await hasData(server)) return;
  throw new Problem("step-failed", {
    what: `"${host.name}" has no data directory`,
    why: "mariadb-install-db ended without one",
    next: "changeover doctor",
  });
}

export async function hasData(server: Server): Promise<boolean> {
  const asked = await server.host.exec(`[ -d ${quote(server.paths.data)}/mysql ]`, {
    timeoutMs: 10_000,
    reading: true,
  });
  return asked.code === 0;
}

export async function startServer(server: Server): Promise<void> {
  const { host, paths } = server;
  const settings = await settingsOf(server);
  if (!(await hasData(server))) {
    throw new Problem("refused", {
      what: `"${host.name}" has no data to start with`,
      why: "its creation, seeding or restoring did not finish",
      next: "run the step again that makes it",
    });
  }
  await requireTools(server);
  await writeConfig(server, settings);
  await keepState(server, await readState(server));
  // /tmp may have been emptied since: the socket's folder is made each time the server boots.
  const boot = `${ensureDirectory(paths.socketDirectory)} && mkdir -p -m 700 ${quote(paths.absolute(paths.temporary))}`;
  const run = `exec mariadbd --defaults-file=${quote(paths.absolute(paths.config))}`;
  await host.startService({ name: serviceName, command: withTools(`${boot} && ${run}`) });
  await awaitReady(server);
  await closePassageIfDue(server);
}

async function awaitReady(server: Server): Promise<void> {
  let last = "it did not answer";
  const before = (await server.host.serviceState(serviceName)).restarts;
  const ready = await waitFor(server.clock, { withinMs: readyMs, everyMs: 40 }, async () => {
    const service = await server.host.serviceState(serviceName);
    // "failing" alone says little: a server that was just restarted after a crash is called so for a moment.
    if (service.state === "stopped" || service.restarts - before >= triesMax) {
      throw notStarted(server, tail(service.tail));
    }
    try {
      return await server.session(async (session) => {
        const [row] = await session.read({ sql: "SELECT @@datadir AS folder" });
        last = `another server answers there: ${row?.folder}`;
        return row?.folder?.replace(/\/$/, "") === server.paths.absolute(server.paths.data);
      });
    } catch (error) {
      last = error instanceof Error ? error.message : String(error);
      return false;
    }
  });
  if (!ready) throw notStarted(server, last);
}

const notStarted = (server: Server, why: string): Problem =>
  new Problem("unhealthy", { what: `MariaDB on "${server.host.name}" does not start`, why, next: "changeover doctor" });

export async function stopServer({ host, paths }: Server): Promise<void> {
  await host.stopService(serviceName, graceMs);
  // Nobody else knows of a folder outside of the server's own.
  if (!paths.socketDirectory.startsWith(`${paths.directory}/`)) {
    await host.exec(`rm -rf ${quote(paths.socketDirectory)}`, { timeoutMs: 10_000 });
  }
}
