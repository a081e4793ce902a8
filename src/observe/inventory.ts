/** Reads every server of an environment into one dated inventory. */
import type { Inventory, SeenApplication, SeenDatabase, SeenLoadBalancer } from "../model/inventory.ts";
import type { ServerKind, ServerRecord } from "../model/provider.ts";
import type { World } from "../model/world.ts";

export async function readInventory(world: World): Promise<Inventory> {
  const records = (await world.provider.list(world.environment)).sort((left, right) =>
    left.name.localeCompare(right.name, "en", { numeric: true }),
  );
  const of = (kind: ServerKind) => records.filter((record) => record.kind === kind);
  const [loadBalancers, applications, databases] = await Promise.all([
    Promise.all(of("load-balancer").map((record) => readLoadBalancer(world, record))),
    Promise.all(of("application").map((record) => readApplication(world, record))),
    Promise.all(of("database").map((record) => readDatabase(world, record))),
  ]);
  return { environment: world.environment, readAt: world.clock.now(), loadBalancers, applications, databases };
}

async function readLoadBalancer(world: World, record: ServerRecord): Promise<SeenLoadBalancer> {
  const driver = await world.loadBalancer(record.name);
  if (!(await driver.running())) return { record, running: false, ...NOTHING };
  const [open, test, maintenance, hold, testers] = await Promise.all([
    driver.readRoute("public"),
    driver.readRoute("test"),
    driver.readMaintenance(),
    driver.readHold(),
    driver.countTesters(),
  ]);
  return {
    record,
    running: true,
    routes: { public: open, test },
    maintenance,
    held: hold.held,
    testers,
    members: { a: await driver.members("a"), b: await driver.members("b") },
    endpoints: { a: await driver.readEndpoint("a"), b: await driver.readEndpoint("b") },
  };
}

const NOTHING = {
  routes: { public: null, test: null },
  maintenance: false,
  held: false,
  testers: 0,
  members: { a: [], b: [] },
  endpoints: { a: null, b: null },
};

async function readApplication(world: World, record: ServerRecord): Promise<SeenApplication> {
  const driver = await world.application(record.name);
  const [installed, web, worker] = await Promise.all([driver.installed(), driver.state("web"), driver.state("worker")]);
  return { record, installed, roles: { web: web.state, worker: worker.state } };
}

async function readDatabase(world: World, record: ServerRecord): Promise<SeenDatabase> {
  const driver = await world.database(record.name);
  const health = await driver.health();
  return { record, health, position: health.running ? await driver.position() : null };
}
