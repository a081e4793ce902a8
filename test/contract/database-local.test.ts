/** The database contract over real MariaDB servers of this machine. */
import { userInfo } from "node:os";
import mysql from "mysql2/promise";
import { createMariadb } from "../../src/drivers/mariadb/driver.ts";
import { pathsIn } from "../../src/drivers/mariadb/paths.ts";
import type { Database } from "../../src/model/database.ts";
import { systemClock } from "../../src/run/clock.ts";
import { connectAs, dyingBefore, kill, type Launched, openFleet, secrets, settings } from "../real/mariadb-fleet.ts";
import { describeDatabaseContract } from "./database.contract.ts";
import type { Client, DatabaseWorld } from "./database/world.ts";

const kept = { opens: "read-only=OFF", follows: "skip-slave-start=0" } as const;
/** The server is read only; the connection was killed. */
const refusals = [1290, 1927];

describeDatabaseContract("local", async (): Promise<DatabaseWorld> => {
  const fleet = await openFleet("127.144.21");
  const launched = new Map<string, Launched>();
  const hostOf = ({ name }: Database) => (launched.get(name) as Launched).host;
  return {
    clock: systemClock,
    settings,
    secret: secrets,
    find: "SELECT id FROM entries",
    async launch(name) {
      const made = await fleet.launch(name);
      launched.set(name, made);
      return made.database;
    },
    connect: async (database, account) => clientOf(await connectAs(database, account)),
    async changeSchema(database, account, name) {
      const connection = await connectAs(database, account);
      const create = `CREATE TABLE entries (id VARCHAR(60) PRIMARY KEY, ${name} INT NOT NULL DEFAULT 0)`;
      const alter = `ALTER TABLE entries ADD ${name} INT NOT NULL DEFAULT 0`;
      const [[found]] = await connection.query<mysql.RowDataPacket[]>("SHOW TABLES LIKE 'entries'");
      const changed = await taken(connection.query(found ? alter : create));
      connection.destroy();
      return changed;
    },
    kill: (database) => kill({ host: hostOf(database), database }),
    dyingBeforeKept: async (database, what) => dyingBefore(hostOf(database), kept[what]),
    elsewhere: async (database) => {
      const secret = (name: string) => `another'-${name}`;
      return { database: createMariadb(hostOf(database), systemClock, secret), secret };
    },
    async hold(database) {
      const socketPath = pathsIn(hostOf(database).directory).socket;
      const person = await mysql.createConnection({ user: userInfo().username, socketPath, database: settings.name });
      await person.query("LOCK TABLES entries WRITE");
      return () => person.end();
    },
    close: () => fleet.close(),
  };
});

function clientOf(connection: mysql.Connection): Client {
  return {
    write: (key) => taken(connection.query("INSERT INTO entries (id) VALUES (?)", [key])),
    begin: () => connection.beginTransaction(),
    commit: () => taken(connection.commit()),
    stands: () => taken(connection.ping()),
    end: async () => connection.destroy(),
  };
}

/** What the server refused for another reason, or an error of ours, is no answer to the question. */
const taken = (work: Promise<unknown>): Promise<boolean> =>
  work.then(
    () => true,
    (error: { errno?: number; sqlState?: string }) => {
      if (error.sqlState === undefined || refusals.includes(error.errno ?? 0)) return false;
      throw error;
    },
  );
