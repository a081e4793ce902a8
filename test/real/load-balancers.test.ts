/** Real load balancers that come and go: a new one leads where the old one leads, and the old one goes when nobody is there any more. */
import http from "node:http";
import net from "node:net";
import { once } from "node:events";
import { afterAll, beforeAll, expect, test } from "vitest";
import { environmentSchema } from "../../src/model/environment.ts";
import type { PlanStep } from "../../src/model/plan.ts";
import type { LoadBalancer } from "../../src/model/load-balancer.ts";
import type { World } from "../../src/model/world.ts";
import { act, inOrder } from "../../src/plan/stage.ts";
import { systemClock } from "../../src/run/clock.ts";
import { runInMemory } from "../../src/run/run-in-memory.ts";
import { awaitQuietLoadBalancer } from "../../src/steps/await-quiet-load-balancer.ts";
import { copyLoadBalancer } from "../../src/steps/copy-load-balancer.ts";
import { launchServer } from "../../src/steps/launch-server.ts";
import { steps } from "../../src/steps/registry.ts";
import { retireServers } from "../../src/steps/retire-servers.ts";
import { settings } from "../contract/load-balancer/world.ts";
import { bareWorld } from "./bare-world.ts";
import { ask, createHaproxyWorld, startClients } from "./haproxy-world.ts";
import { openWebSocket } from "./websocket.ts";

const definition = environmentSchema.parse({
  environment: "t",
  hosts: settings.hosts,
  application: { name: "shop" },
  database: { engine: "mariadb", name: "shop", user: "shop" },
  release: "1",
  releases: { "1": { artefact: ".", start: { web: "true" } } },
  checks: { health: { path: "/healthz" } },
});

let haproxy: Awaited<ReturnType<typeof createHaproxyWorld>>;
let world: World;

beforeAll(async () => {
  haproxy = await createHaproxyWorld();
  world = bareWorld(definition, haproxy.provider);
  const [blue, green, sick] = [
    await haproxy.application("blue", 2),
    await haproxy.application("green", 3),
    await haproxy.application("sick", 4),
  ];
  sick.seen.healthy = false;
  const { lb } = haproxy;
  await lb.start(settings);
  for (const { member } of [blue, sick]) await lb.addMember("a", member);
  await lb.addMember("b", green.member);
  await lb.setEndpoint("a", await haproxy.database("db-1", 5));
  await lb.setRoute("public", "a");
  await lb.setRoute("test", "b");
  await lb.allowTester(world.secret("tester"));
});
afterAll(() => haproxy?.close());

let runs = 0;
async function run(...planned: PlanStep[]) {
  runs += 1;
  const plan = {
    ...{ format: 1 as const, environment: "t", strategy: "bring-up" as const, from: "1", to: "1" },
    ...{ stages: [inOrder("All", "take it back", planned)], afterWayBack: [], failAt: null },
  };
  const upgrade = `u-${runs}`;
  return runInMemory({ plan, definitions: steps, world, clock: systemClock, upgrade, pausesMs: [] });
}

const launch = (name: string, last: number) =>
  act(launchServer, {
    record: { environment: "t", name, kind: "load-balancer", address: haproxy.addressOf(last), labels: {} },
    ports: [settings.port, settings.endpointPorts.a, settings.endpointPorts.b],
    onUndo: "retire",
  });
const copy = (server: string) => act(copyLoadBalancer, { server, like: "lb-1", settings, healthyMs: 10_000 });

async function look(balancer: LoadBalancer) {
  const members = [...(await balancer.members("a")), ...(await balancer.members("b"))];
  return {
    routes: [await balancer.readRoute("public"), await balancer.readRoute("test")],
    endpoints: [await balancer.readEndpoint("a"), await balancer.readEndpoint("b")],
    members: members.map(({ server, state, healthy }) => `${server} ${state} ${healthy}`).sort(),
    testers: await balancer.countTesters(),
    shut: [await balancer.readMaintenance(), (await balancer.readHold()).held],
  };
}

test("a new one leads where the old one leads, also after its process was killed", async () => {
  const { end } = await run(launch("lb-2", 6), copy("lb-2"));
  expect(end).toEqual({ state: "upgraded" });
  const second = await world.loadBalancer("lb-2");
  const wanted = await look(haproxy.lb);
  expect(wanted.members).toEqual(["blue ready true", "green ready true", "sick ready false"]);
  expect(await look(second)).toEqual(wanted);
  const address = haproxy.addressOf(6);
  expect((await ask(address)).body).toBe("blue");
  expect((await ask(address, { host: settings.hosts.test })).body).toBe("green");
  const socket = net.connect(settings.endpointPorts.a, address);
  expect(String((await once(socket, "data"))[0])).toBe("db-1");
  socket.destroy();
  // A second time changes nothing; then its process dies, and what it was told is there again.
  expect((await run(copy("lb-2"))).end).toEqual({ state: "upgraded" });
  const host = await world.provider.open("t", "lb-2");
  const { pid } = await host.serviceState("haproxy");
  process.kill(pid ?? 0, "SIGKILL");
  await expect.poll(async () => (await host.serviceState("haproxy")).pid !== pid, { timeout: 20_000 }).toBe(true);
  await expect.poll(() => second.running(), { timeout: 20_000 }).toBe(true);
  await expect.poll(() => look(second), { timeout: 20_000 }).toEqual(wanted);
});

test("nothing is made like one that shows the page, and what was launched for it is gone", async () => {
  await haproxy.lb.setMaintenance(true);
  const { end } = await run(launch("lb-3", 7), copy("lb-3"));
  await haproxy.lb.setMaintenance(false);
  expect(end).toMatchObject({ state: "rolled-back", reason: { kind: "refused", why: "it shows the page" } });
  expect((await world.provider.list("t")).map(({ name }) => name).sort()).toEqual(["lb-1", "lb-2"]);
});

test("an idle connection and a websocket hold its end up until they are closed; a client that asks until it leaves loses nothing", async () => {
  const address = haproxy.addressOf(6);
  const second = await world.loadBalancer("lb-2");
  await expect.poll(() => second.connections()).toBe(0);
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  expect((await ask(address, { agent })).status).toBe(200);
  expect(await second.connections()).toBe(1);
  const socket = await openWebSocket(address, settings.port, settings.hosts.public);
  expect(await second.connections()).toBe(2);
  const clients = startClients(address, 3);
  const began = Date.now();
  const leaving = systemClock.sleep(2_500).then(async () => {
    const tally = await clients.stop();
    socket.close();
    agent.destroy();
    return tally;
  });
  const wait = { loadBalancers: ["lb-2"], addresses: ["10.77.0.100"], quietMs: 1_000, withinMs: 30_000 };
  const { end, entries } = await run(
    act(awaitQuietLoadBalancer, wait),
    act(retireServers, { servers: ["lb-2"], pool: null }),
  );
  const tally = await leaving;
  expect(end).toEqual({ state: "upgraded" });
  expect(entries.find(({ step }) => step === awaitQuietLoadBalancer.name)?.evidence).toMatchObject({
    requests: 0,
    connections: 0,
  });
  expect(Date.now() - began).toBeGreaterThan(3_500);
  expect(Date.now() - began).toBeLessThan(30_000);
  expect(tally).toMatchObject({ failed: 0, answers: { blue: expect.any(Number) } });
  expect((await world.provider.list("t")).map(({ name }) => name)).toEqual(["lb-1"]);
});
