/** The simulated database as the model's Database: the same promises and refusals as the real driver. */
import { waitFor } from "../../model/clock.ts";
import type { Blocker, Database, DatabaseSettings } from "../../model/database.ts";
import type { Host } from "../../model/host.ts";
import { Problem } from "../../model/problem.ts";
import { countWrites } from "./database-log.ts";
import { awaitUp, type ControlPlane, effectOn } from "./acting.ts";
import { allow, fence, follow, freeze, promote, running, unfence } from "./database-changes.ts";
import { fillFrom, holding, noteBackup, removeBackup, restoreFrom, takeBackup } from "./database-copies.ts";
import type { DatabaseServer } from "./database-server.ts";
import { tablesIn } from "./database-tables.ts";
import { simulatedCommand } from "./host-processes.ts";
import { secretOf } from "./secrets.ts";

const SERVICE = "database";
const READ_LOG_MS = 30;

export interface DatabaseParts {
  plane: ControlPlane;
  host: Host;
  /** Looked up at each use: a server that was retired is not there any more. */
  server(): DatabaseServer;
  port: number;
  environment: string;
}

/** A copy needs both ends, also between environments. */
const machines = new WeakMap<Database, () => DatabaseServer>();

/** The account's name and that of its secret. */
const accountsOf = ({ user }: DatabaseSettings): [string, string][] => [
  [user, "database.app"],
  [`${user}_migrate`, "database.migrate"],
  ["changeover_repl", "database.replication"],
];

export function createSimulatedDatabase(parts: DatabaseParts): Database {
  const { plane, host, server } = parts;
  const act = <T>(what: string, takesMs: number, work: (on: DatabaseServer) => T) =>
    effectOn(plane, host, what, takesMs, () => work(server()));
  const start = async () => {
    holding(server());
    await effectOn(plane, host, "start database", 5, () =>
      host.startService({ name: SERVICE, command: simulatedCommand(SERVICE, host.name) }),
    );
    await awaitUp(plane, host.name, () => server().up);
  };
  const stop = () =>
    effectOn(plane, host, "stop database", 50, () => host.stopService(SERVICE, 0)).then(() => plane.clock.sleep(1));
  const serverOf = (other: Database): DatabaseServer => machines.get(other)?.() ?? server();
  const copying = { ...parts, act, start, stop, serverOf };
  const database: Database = {
    name: host.name,
    address: host.address,
    port: parts.port,
    async create(settings, _serverId) {
      refuseOther(server(), settings);
      if (!server().settings) {
        await act("create database", 200, (on) => {
          on.refill(on.history, settings);
          on.openedBy = parts.environment;
        });
      }
      await start();
    },
    start,
    stop,
    health: async () => server().health(),
    countLines: (asked) => host.countLines({ service: SERVICE }, asked),
    readiness: async (longSeconds) => running(server()).readiness(longSeconds),
    position: async () => running(server()).history.position,
    transactionsSince: async (position) => running(server()).history.countSince(position),
    fence: () => fence(act),
    unfence: () => unfence(act),
    allowMigration: (on) => allow(act, on),
    blockers: async () => blockersOf(running(server())),
    seedFrom: (source) => fillFrom(copying, source),
    follow: (primary) => follow(copying, primary),
    awaitPosition: (position, timeoutMs) => awaitPosition(parts, position, timeoutMs),
    freeze: () => freeze(act),
    promote: () => promote(act),
    backup: (id, why = "upgrade") => takeBackup(copying, id, why),
    backups: async () =>
      [...server().backups.values()].map(({ backup }) => backup).sort((one, other) => (one.id < other.id ? -1 : 1)),
    noteBackup: (id, note) => noteBackup(copying, id, note),
    removeBackup: (id) => removeBackup(copying, id),
    restore: (from, backupId) => restoreFrom(copying, from, backupId),
    renewAccounts: () =>
      act("renew the accounts", 20, (on) => {
        running(on).openedBy = parts.environment;
      }),
    accountsOpenedBy: async (secret) => {
      const { openedBy, settings } = running(holding(server()));
      const opened = settings ? accountsOf(settings) : [];
      return opened.filter(([, name]) => secret(name) === secretOf(openedBy, name)).map(([user]) => user);
    },
    ...tablesIn(host.name, server, act),
    async writesSince(position, keep) {
      await plane.clock.sleep(READ_LOG_MS);
      return countWrites(running(server()), position, keep);
    },
    async readColumn(sql) {
      if (/^SELECT key FROM rows$/i.test(sql)) return [...running(server()).history.rows];
      throw new Problem("step-failed", {
        what: `"${host.name}" can't read ${sql}`,
        why: "a simulated database knows one question: SELECT key FROM rows",
        next: "ask that",
      });
    },
  };
  machines.set(database, server);
  return database;
}

async function awaitPosition({ plane, server }: DatabaseParts, position: string, timeoutMs: number): Promise<boolean> {
  const reached = await waitFor(plane.clock, { withinMs: timeoutMs, everyMs: 10 }, async () => {
    const { name, history, parted } = running(server());
    if (history.covers(position)) return true;
    if (parted !== null) throw stoppedApplying(name, position, parted);
    return false;
  });
  return reached === true;
}

const blockersOf = ({ connections }: DatabaseServer): Blocker[] => [
  ...[...connections].map(({ id, account }): Blocker => ({ what: "connection", detail: `${id} of ${account}` })),
  ...[...connections]
    .filter(({ pending }) => pending > 0)
    .map(({ id, pending }): Blocker => ({ what: "transaction", detail: `of connection ${id}, ${pending} changed` })),
];

function refuseOther({ name: server, settings: known }: DatabaseServer, { name, user, port }: DatabaseSettings): void {
  if (!known || (known.name === name && known.user === user && known.port === port)) return;
  throw new Problem("refused", {
    what: `"${server}" already holds the database "${known.name}" of ${known.user} on port ${known.port}`,
    why: `"${name}" of ${user} on port ${port} was asked for`,
    next: "retire the server first, or correct the environment file",
  });
}

const stoppedApplying = (name: string, position: string, why: string): Problem =>
  new Problem("unhealthy", {
    what: `"${name}" stopped applying before position ${position}`,
    why,
    next: "seed it again from the primary",
  });
