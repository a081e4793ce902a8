/** Fills a server with a copy: of a running source that it then follows, or of a backup that stands still. */
import { Problem } from "../../model/problem.ts";
import { fenced, serverIdOf } from "./config.ts";
import { endAttempt, runWork } from "./jobs.ts";
import { parseBinlogInfo } from "./parse.ts";
import { revokePassage } from "./passage.ts";
import { quote } from "./paths.ts";
import { startServer, stopServer, writeConfig } from "./process.ts";
import { follow, readPosition, readReplication, refuseWritable, servesStill } from "./replication.ts";
import {
  isDown,
  keepState,
  readState,
  requireAnswer,
  requireTools,
  settingsOf,
  type Server,
  type StoredSettings,
} from "./server.ts";
import { transfer } from "./transfer.ts";
import type { Session } from "./wire.ts";

const copyMs = 6 * 3_600_000;

export async function seedFrom(target: Server, source: Server): Promise<void> {
  refuseSame(target, source);
  const settings = await settingsOf(source);
  const primary = { address: source.host.address, port: settings.port };
  if (await followsAlready(target, primary)) return;
  // Before the target is emptied: a source that is down for a moment must not cost the copy that there is.
  await requireAnswer(source);
  await empty(target, settings);
  await transfer({
    name: "seed",
    from: source,
    produce: await backupWords(source, ["--stream=xbstream", `--target-dir=${source.paths.absolute("mariadb/tmp")}`]),
    to: target,
    consume: ["mbstream", "-x", "-C", target.paths.absolute(target.paths.part)],
    clear: clearPart(target),
    timeoutMs: copyMs,
  });
  await settle(target, `mariadb-backup --prepare --use-memory=64M --target-dir=${quotePart(target)}`);
  await begin(target, settings, undefined);
  await follow(target, primary);
}

export async function restore(target: Server, source: Server, backup: { id: string; path: string; position: string }) {
  refuseSame(target, source);
  const settings = await settingsOf(source);
  const origin = `${source.host.name}/${backup.id}`;
  if (await standsAlready(target, origin, backup.position)) return;
  await empty(target, settings);
  await transfer({
    name: "restore",
    from: source,
    produce: ["tar", "-C", source.paths.absolute(backup.path), "-cf", "-", "."],
    to: target,
    consume: ["tar", "-C", target.paths.absolute(target.paths.part), "-xf", "-"],
    clear: clearPart(target),
    timeoutMs: copyMs,
  });
  await settle(target, "true");
  await begin(target, settings, origin);
}

/** The words of a backup of the running server, through its own socket. */
export async function backupWords(server: Server, rest: string[]): Promise<string[]> {
  const { paths } = server;
  const login = [`--user=${await server.administrator()}`, `--socket=${paths.socket}`];
  return [
    "mariadb-backup",
    `--defaults-file=${paths.absolute(paths.config)}`,
    "--backup",
    ...login,
    "--parallel=2",
    // It waits up to a whole such interval for the last of the log: 1 s unless told.
    "--log-copy-interval=100",
    ...rest,
  ];
}

function refuseSame(target: Server, source: Server): void {
  // By its folder: a server of another environment may have the same name.
  if (target.host.directory !== source.host.directory) return;
  throw new Problem("refused", {
    what: `"${target.host.name}" can't be a copy of itself`,
    why: "source and target are one server",
    next: "name a spare server",
  });
}

/** Looks at what is there before it is overwritten; false when nobody answers and nothing speaks against it. */
async function look(target: Server, seen: (session: Session) => Promise<boolean>): Promise<boolean> {
  const doing = "be overwritten by a copy";
  // Also when it is down: a primary that crashed a moment ago is still the primary.
  if ((await readState(target)).writable) throw servesStill(target, doing);
  if (await isDown(target)) return false;
  try {
    return await target.session(async (session) => {
      await refuseWritable(target, session, doing);
      return seen(session);
    });
  } catch (error) {
    if (error instanceof Problem && error.kind === "unreachable") return false;
    throw error;
  }
}

function followsAlready(target: Server, primary: { address: string; port: number }): Promise<boolean> {
  return look(target, async (session) => {
    const now = await readReplication(session);
    const same = now?.host === primary.address && now.port === primary.port && now.running;
    return same === true && (await readState(target)).replicates;
  });
}

function standsAlready(target: Server, origin: string, position: string): Promise<boolean> {
  return look(target, async (session) => {
    if ((await target.settings())?.origin !== origin || (await readReplication(session))) return false;
    return (await readPosition(session)) === position;
  });
}

/** Nothing of an earlier server, or of an earlier try, is left; closed from the first moment on. */
async function empty(target: Server, settings: StoredSettings): Promise<void> {
  await requireTools(target);
  await keepState(target, fenced);
  await stopServer(target);
  for (const name of ["install", "settle", "seed-in", "restore-in"]) await endAttempt(target, name);
  await target.host.remove(target.paths.data);
  const before = await target.settings();
  const serverId = before?.serverId ?? serverIdOf(target.host.address);
  const { name, user, port } = settings;
  await target.keepSettings({ name, user, port, serverId, ready: false });
}

const quotePart = (server: Server): string => quote(server.paths.absolute(server.paths.part));
const clearPart = (server: Server): string => `rm -rf ${quotePart(server)} && mkdir -p -m 700 ${quotePart(server)}`;

/** The copy becomes the data directory only when it is whole. */
async function settle(target: Server, finish: string): Promise<void> {
  const data = quote(target.paths.absolute(target.paths.data));
  const command = `${finish} && mv -T ${quotePart(target)} ${data}`;
  await runWork(target, { name: "settle", command, timeoutMs: copyMs });
}

async function begin(target: Server, settings: StoredSettings, origin: string | undefined): Promise<void> {
  const { host, paths } = target;
  const info = await host.readFile(`${paths.data}/xtrabackup_binlog_info`);
  if (info === null) {
    throw new Problem("step-failed", {
      what: `the copy on "${host.name}" has no position`,
      why: "mariadb-backup left no xtrabackup_binlog_info",
      next: "try again",
    });
  }
  const stored = { ...(await settingsOf(target)), port: settings.port };
  await writeConfig(target, stored);
  await startServer(target);
  const position = parseBinlogInfo(info);
  await target.session(async (session) => {
    // Its source may have been in the middle of a migration.
    await revokePassage(target, session);
    // A new log waits for the engine's to be on disk, which else comes by itself once a second.
    await session.change({ sql: "FLUSH LOCAL ENGINE LOGS" });
    await session.change({ sql: "RESET MASTER" });
    // The log has to know where the copy stands as well: a backup of this server reads its position there.
    await session.change({ sql: "SET GLOBAL gtid_binlog_state=?", values: [position] });
    await session.change({ sql: "SET GLOBAL gtid_slave_pos=?", values: [position] });
    const seen = await readPosition(session);
    if (seen === position) return;
    throw new Problem("step-failed", {
      what: `the copy on "${host.name}" stands at ${seen}`,
      why: `the backup says ${position}`,
      next: "try again",
    });
  });
  await target.keepSettings({ ...stored, ready: true, origin });
}
