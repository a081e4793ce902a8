/** MariaDB 10.11 as the model's Database: accounts, fence, GTID replication, mariadb-backup. */
import type { Clock } from "../../model/clock.ts";
import type { Database, DatabaseHealth, DatabaseSettings } from "../../model/database.ts";
import type { Host } from "../../model/host.ts";
import { Problem } from "../../model/problem.ts";
import { accountStatements, passwordsFrom } from "./accounts.ts";
import { dataOf, listBackups, noteBackup, removeBackup, requireBackup, takeBackup } from "./backup.ts";
import { bytesOfTables, checksums, readColumn } from "./checksum.ts";
import { writesSince } from "./binlog.ts";
import { fenced } from "./config.ts";
import { blockers, fence, unfence } from "./fence.ts";
import { allowMigration } from "./passage.ts";
import { tail } from "./parse.ts";
import { countBetween } from "./position.ts";
import { hasData, installData, startServer, stopServer, writeConfig } from "./process.ts";
import { readReadiness } from "./readiness.ts";
import { accountsOpenedBy, renewAccounts } from "./renewal.ts";
import * as replication from "./replication.ts";
import { schemaFingerprint } from "./schema.ts";
import { readSchema, touchedTables, watchTables } from "./tables.ts";
import { restore, seedFrom } from "./seed.ts";
import { isDown, keepState, openServer, readState, requireTools, serviceName, type Server } from "./server.ts";

/** A copy needs both ends: this is how one database of ours finds the other's host. */
const servers = new WeakMap<Database, Server>();

/**
 * `secrets` is asked for "database.app", "database.migrate" and "database.replication". `port` is the one of the
 * environment's definition, until create, seedFrom or restore say otherwise.
 */
export function createMariadb(host: Host, clock: Clock, secrets: (name: string) => string, port = 3306): Database {
  const server = openServer(host, clock, secrets);
  let knownPort = port;
  const database: Database = {
    name: host.name,
    address: host.address,
    get port() {
      return knownPort;
    },
    async create(settings, serverId) {
      await create(server, settings, serverId);
      knownPort = settings.port;
    },
    start: () => startServer(server),
    stop: () => stopServer(server),
    health: () => health(server),
    countLines: (asked) => host.countLines({ service: serviceName }, asked),
    readiness: (longSeconds) => readReadiness(server, longSeconds),
    position: () => server.session(replication.readPosition),
    transactionsSince: async (position) => countBetween(position, await server.session(replication.readPosition)),
    fence: () => fence(server),
    unfence: () => unfence(server),
    allowMigration: (on) => allowMigration(server, on),
    blockers: () => server.session((session) => blockers(server, session)),
    async seedFrom(source) {
      await seedFrom(server, serverOf(source));
      knownPort = source.port;
    },
    follow: (primary) => replication.follow(server, primary),
    awaitPosition: (position, timeoutMs) => replication.awaitPosition(server, position, timeoutMs),
    freeze: () => replication.freeze(server),
    promote: () => replication.promote(server),
    backup: (id, why = "upgrade") => takeBackup(server, id, why),
    backups: () => listBackups(server),
    noteBackup: (id, note) => noteBackup(server, id, note),
    removeBackup: (id) => removeBackup(server, id),
    async restore(from, backupId) {
      const source = serverOf(from);
      const { id, position } = await requireBackup(source, backupId);
      await restore(server, source, { id, position, path: dataOf(source, id) });
      knownPort = from.port;
    },
    renewAccounts: () => renewAccounts(server),
    accountsOpenedBy: (secret) => accountsOpenedBy(server, secret),
    bytes: () => bytesOfTables(server),
    checksums: () => checksums(server),
    schemaFingerprint: () => schemaFingerprint(server),
    readSchema: () => readSchema(server),
    watchTables: (on) => watchTables(server, on),
    touchedTables: () => touchedTables(server),
    writesSince: (position, keep) => writesSince(server, position, keep),
    readColumn: (sql) => readColumn(server, sql),
  };
  servers.set(database, server);
  return database;
}

function serverOf(database: Database): Server {
  const server = servers.get(database);
  if (server) return server;
  throw new Problem("bad-input", {
    what: `"${database.name}" can't be copied from here`,
    why: "it is not a MariaDB server of this control plane",
    next: "copy from a server of the same product",
  });
}

async function create(server: Server, settings: DatabaseSettings, serverId: number): Promise<void> {
  const known = await server.settings();
  const { name, user, port } = settings;
  if (known?.ready && (await hasData(server))) {
    if (known.name === name && known.user === user && known.port === port) return startServer(server);
    throw new Problem("refused", {
      what: `"${server.host.name}" already holds the database "${known.name}" of ${known.user} on port ${known.port}`,
      why: `"${name}" of ${user} on port ${port} was asked for`,
      next: "retire the server first, or correct the environment file",
    });
  }
  await requireTools(server);
  await keepState(server, fenced);
  const stored = { name, user, port, serverId, ready: false };
  await server.keepSettings(stored);
  await writeConfig(server, stored);
  await installData(server);
  await startServer(server);
  const passwords = passwordsFrom(server.secrets);
  await server.session(async (session) => {
    for (const statement of accountStatements(settings, passwords)) await session.change(statement);
  });
  await server.keepSettings({ ...stored, ready: true });
}

async function health(server: Server): Promise<DatabaseHealth> {
  const boots = await readState(server);
  const durable = { bootsWritable: boots.writable, bootsFollowing: boots.replicates };
  const down = { running: false, writable: false, following: null, replicating: false, ...durable };
  if (await isDown(server)) return { ...down, error: null };
  try {
    return await server.session(async (session) => {
      const seen = await replication.readReplication(session);
      return {
        running: true,
        writable: await replication.isWritable(session),
        following: seen && !seen.stopped ? seen.host : null,
        replicating: seen?.running === true && seen.error === null,
        error: seen?.error ?? null,
        ...durable,
      };
    });
  } catch (error) {
    // A token that is too old, or a bug, is not the server's health.
    if (error instanceof Problem && error.kind === "unreachable") {
      const service = await server.host.serviceState(serviceName);
      return { ...down, error: `${error.text.why}: ${tail(service.tail)}` };
    }
    throw error;
  }
}
