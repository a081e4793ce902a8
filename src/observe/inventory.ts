/** Reads every server of an environment into one dated inventory. */
import type { Inventory, SeenApplication, SeenDatabase, SeenLoadBalancer } from "../model/inventory.ts";
import type { Slot } from "../model/load-balancer.ts";
import { Problem } from "../model/problem.ts";
import type { ServerKind, ServerRecord, Silent } from "../model/provider.ts";
import type { World } from "../model/world.ts";

/** Made once: making one costs more than a thousand comparisons. */
const byNumber = new Intl.Collator("en", { numeric: true });

/** A host that is silent, or falls silent meanwhile, hides what it holds: then the inventory says so. */
export async function readInventory(world: World): Promise<Inventory> {
  const { records, silent, foreign } = await world.provider.survey(world.environment);
  records.sort((left, right) => byNumber.compare(left.name, right.name));
  const lost: Silent[] = [];
  const readAll = async <T>(kind: ServerKind, read: (world: World, record: ServerRecord) => Promise<T>) => {
    const ofKind = records.filter((record) => record.kind === kind);
    const seen = await Promise.all(ofKind.map((record) => unlessGone(world, record, lost, () => read(world, record))));
    return seen.filter((one) => one !== null);
  };
  const [loadBalancers, applications, databases] = await Promise.all([
    readAll("load-balancer", readLoadBalancer),
    readAll("application", readApplication),
    readAll("database", readDatabase),
  ]);
  const hosts = { silent: [...silent, ...lost], foreign };
  return {
    environment: world.environment,
    readAt: world.clock.now(),
    loadBalancers,
    applications,
    databases,
    ...(hosts.silent.length + foreign.length > 0 ? { hosts } : {}),
  };
}

/** Null when the server was retired since it was listed, as upgrades in flight do, or when its host fell silent. */
async function unlessGone<T>(
  world: World,
  { name, address }: ServerRecord,
  lost: Silent[],
  read: () => Promise<T>,
): Promise<T | null> {
  try {
    return await read();
  } catch (error) {
    // Also when another one has its name by now.
    if (error instanceof Problem && error.kind === "not-found") return null;
    const again = await world.provider.survey(world.environment);
    const silent = again.silent.find((one) => one.address === address);
    if (silent) lost.push(silent);
    else if (again.records.some((record) => record.name === name)) throw error;
    return null;
  }
}

export async function readLoadBalancer(world: World, record: ServerRecord): Promise<SeenLoadBalancer> {
  const driver = await world.loadBalancer(record.name);
  if (!(await driver.running())) return { record, running: false, ...NOTHING };
  const both = async <T>(read: (slot: Slot) => Promise<T>): Promise<Record<Slot, T>> => {
    const [a, b] = await Promise.all([read("a"), read("b")]);
    return { a, b };
  };
  const [open, test, maintenance, hold, testers, members, endpoints] = await Promise.all([
    driver.readRoute("public"),
    driver.readRoute("test"),
    driver.readMaintenance(),
    driver.readHold(),
    driver.countTesters(),
    both((slot) => driver.members(slot)),
    both((slot) => driver.readEndpoint(slot)),
  ]);
  return {
    record,
    running: true,
    routes: { public: open, test },
    maintenance,
    held: hold.held,
    testers,
    members,
    endpoints,
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
