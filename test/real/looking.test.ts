/** Looking at real products: a newer control plane that only looks shuts nobody out, an older one is not refused. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createHaproxy } from "../../src/drivers/haproxy/driver.ts";
import { createMariadb } from "../../src/drivers/mariadb/driver.ts";
import type { Database } from "../../src/model/database.ts";
import type { LoadBalancer } from "../../src/model/load-balancer.ts";
import type { ServerKind } from "../../src/model/provider.ts";
import { createLocalProvider } from "../../src/providers/local/provider.ts";
import { systemClock } from "../../src/run/clock.ts";
import { problemOf } from "../contract/host/world.ts";
import { settings } from "../contract/load-balancer/world.ts";
import { secrets } from "./mariadb-fleet.ts";

const environment = "watched";
let directory: string;
const providers: ReturnType<typeof createLocalProvider>[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "changeover-looking-"));
});
afterEach(async () => {
  // Whatever token was left behind by a test that failed.
  const last = controlPlane(() => Number.MAX_SAFE_INTEGER);
  for (const { name } of await last.list(environment)) await last.retire(environment, name);
  for (const provider of providers.splice(0)) await provider.close();
  await rm(directory, { recursive: true, force: true });
});

function controlPlane(token: () => number) {
  const provider = createLocalProvider({ directory, token });
  providers.push(provider);
  return provider;
}

const launch = (name: string, kind: ServerKind, address: string) =>
  controlPlane(() => 1).launch({ environment, name, kind, address, labels: {} });

const readDatabase = async (database: Database): Promise<void> => {
  expect(await database.health()).toMatchObject({ running: true, writable: true });
  const position = await database.position();
  expect(await database.awaitPosition(position, 5_000)).toBe(true);
  await Promise.all([database.blockers(), database.backups(), database.checksums(), database.schemaFingerprint()]);
  expect(await database.readColumn("SELECT 1")).toEqual(["1"]);
};

const readLoadBalancer = async (lb: LoadBalancer): Promise<void> => {
  expect(await lb.running()).toBe(true);
  expect(await lb.readRoute("public")).toBeNull();
  await Promise.all([lb.members("a"), lb.members("b"), lb.readMaintenance(), lb.readHold()]);
  await Promise.all([lb.readEndpoint("a"), lb.readShare(), lb.answers("a"), lb.countTesters(), lb.counters()]);
};

test("a database", { timeout: 60_000 }, async () => {
  const host = await launch("db-1", "database", "127.188.61.1");
  const database = createMariadb(host, systemClock, secrets);
  await database.create({ name: "shop_live", user: "shop", port: 3306 }, 1);
  await database.unfence();
  let token = 9;
  const other = await controlPlane(() => token).open(environment, "db-1");
  await readDatabase(createMariadb(other, systemClock, secrets));
  await host.claim();
  token = 0;
  await readDatabase(createMariadb(other, systemClock, secrets));
  expect(await problemOf(other.claim())).toBe("stale-token");
});

test("a load balancer", { timeout: 60_000 }, async () => {
  const host = await launch("lb-1", "load-balancer", "127.188.61.2");
  await createHaproxy(host, systemClock).start(settings);
  let token = 9;
  const other = await controlPlane(() => token).open(environment, "lb-1");
  await readLoadBalancer(createHaproxy(other, systemClock));
  await host.claim();
  token = 0;
  await readLoadBalancer(createHaproxy(other, systemClock));
  expect(await problemOf(other.claim())).toBe("stale-token");
});
