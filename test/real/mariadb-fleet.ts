/** Launches real MariaDB servers on loopback addresses for a test, and takes everything away afterwards. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import mysql from "mysql2/promise";
import { createMariadb } from "../../src/drivers/mariadb/driver.ts";
import { waitFor } from "../../src/model/clock.ts";
import type { Database, DatabaseSettings } from "../../src/model/database.ts";
import type { Host } from "../../src/model/host.ts";
import type { Provider } from "../../src/model/provider.ts";
import { createLocalProvider } from "../../src/providers/local/provider.ts";
import { systemClock } from "../../src/run/clock.ts";

export const settings: DatabaseSettings = { name: "shop_live", user: "shop", port: 3306 };

/** No other text looks like these, so that finding one anywhere means that a password leaked. */
export const secrets = (name: string): string => `canary'"\\-${name}-5b1e`;

export interface Launched {
  host: Host;
  database: Database;
}

export interface Fleet {
  directory: string;
  provider: Provider;
  /** A bare server: nothing created on it. */
  launch(name: string): Promise<Launched>;
  /** A primary in service with an empty application database. */
  launchPrimary(name: string): Promise<Launched>;
  close(): Promise<void>;
}

/** `net` is the first three bytes of the addresses, one per test file. */
export async function openFleet(net: string): Promise<Fleet> {
  const directory = await mkdtemp(join(tmpdir(), "changeover-mariadb-"));
  const provider = createLocalProvider({ directory, token: () => 1 });
  const names: string[] = [];
  const launch = async (name: string): Promise<Launched> => {
    names.push(name);
    const address = `${net}.${names.length}`;
    const host = await provider.launch({ environment: "test", name, kind: "database", address, labels: {} });
    return { host, database: createMariadb(host, systemClock, secrets) };
  };
  return {
    directory,
    provider,
    launch,
    async launchPrimary(name) {
      const launched = await launch(name);
      await launched.database.create(settings, names.length);
      await launched.database.unfence();
      return launched;
    },
    async close() {
      for (const name of names) await provider.retire("test", name);
      await provider.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** As after a crash of its process: nothing is asked, its supervisor starts it as its files say. */
export async function kill({ host, database }: Launched): Promise<void> {
  const limit = { withinMs: 20_000, everyMs: 25 };
  const before = await waitFor(systemClock, limit, async () => {
    const seen = await host.serviceState("mariadb");
    return seen.pid !== null && seen;
  });
  if (!before?.pid) throw new Error("there is no process to kill");
  process.kill(before.pid, "SIGKILL");
  const back = await waitFor(systemClock, limit, async () => {
    const { restarts } = await host.serviceState("mariadb");
    return restarts > before.restarts && (await database.health()).running;
  });
  if (!back) throw new Error("it did not come back");
}

/** A driver whose control plane dies at the moment when it would say on disk that the server opens or follows. */
export function dyingBefore(host: Host, line: string): Database {
  const putFile: Host["putFile"] = async (path, content, mode) => {
    if (path.endsWith("state.cnf") && content.toString().includes(line)) throw new Error("died");
    await host.putFile(path, content, mode);
  };
  const mortal = new Proxy(host, {
    get: (target, key) => {
      if (key === "putFile") return putFile;
      if (key === "putFiles") throw new Error("the driver writes one file at a time");
      const held = Reflect.get(target, key);
      return typeof held === "function" ? held.bind(target) : held;
    },
  });
  return createMariadb(mortal, systemClock, secrets);
}

/** A client as the application has it: over TCP, with its own account. */
export async function connectAs(database: Database, role: "app" | "migrate"): Promise<mysql.Connection> {
  const connection = await mysql.createConnection({
    host: database.address,
    port: database.port,
    user: role === "app" ? settings.user : `${settings.user}_migrate`,
    password: secrets(`database.${role}`),
    database: settings.name,
  });
  connection.on("error", () => {});
  return connection;
}

/** Inserts numbered rows until told to stop or cut off; gives the keys that were acknowledged. */
export function writeAlong(connection: mysql.Connection, table: string): { stop(): Promise<number[]> } {
  const acknowledged: number[] = [];
  let on = true;
  const running = (async () => {
    for (let key = 1; on; key += 1) {
      try {
        await connection.query(`INSERT INTO ${table} (id) VALUES (?)`, [key]);
        acknowledged.push(key);
      } catch {
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  })();
  return {
    async stop() {
      on = false;
      await running;
      return acknowledged;
    },
  };
}
