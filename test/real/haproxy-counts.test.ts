/** HAProxy's counts equal those of its clients, whatever goes wrong, and its start says what is in the way. */
import { once } from "node:events";
import net from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { waitFor } from "../../src/model/clock.ts";
import type { Problem } from "../../src/model/problem.ts";
import { settings, token } from "../contract/load-balancer/world.ts";
import { ask, clock, createHaproxyWorld, startClients } from "./haproxy-world.ts";

type World = Awaited<ReturnType<typeof createHaproxyWorld>>;
let world: World;

beforeAll(async () => {
  world = await createHaproxyWorld();
});
afterAll(() => world?.close());

const problemOf = (work: Promise<unknown>): Promise<Problem> =>
  work.then(
    () => {
      throw new Error("it should have failed");
    },
    (error: Problem) => error,
  );

test("a port that somebody else has is a problem, and nothing is left running", async () => {
  const other = net.createServer().listen(settings.endpointPorts.a, world.address);
  await once(other, "listening");
  const problem = await problemOf(world.lb.start(settings));
  expect(problem.kind).toBe("refused");
  expect(problem.text.why).toContain(`${world.address}:${settings.endpointPorts.a}`);
  expect(await world.lb.running()).toBe(false);
  await new Promise((resolve) => other.close(resolve));
});

test("a configuration that HAProxy refuses is a problem with its line, and the running one stays", async () => {
  await world.lb.start(settings);
  const file = "load-balancer/desired.json";
  const good = (await world.host.readFile(file)) ?? "";
  const bad = { ...JSON.parse(good), members: { a: [{ server: "shop", address: "no such address", port: 1 }], b: [] } };
  await world.host.putFile(file, JSON.stringify(bad));
  const problem = await problemOf(world.lb.start(settings));
  expect(problem.kind).toBe("bad-input");
  expect(problem.text.at).toMatch(/haproxy\.cfg\.next:\d+$/);
  expect(problem.text.why).toContain("web_a/shop");
  await world.host.putFile(file, good);
  expect(await world.lb.running()).toBe(true);
  expect(await world.host.readFile("load-balancer/haproxy.cfg")).not.toContain("no such address");
  expect((await ask(world.address)).status).toBe(503);
});

test("a write that was interrupted after its file is finished by the next start", async () => {
  await world.host.putFile("load-balancer/maps/maintenance.map", "public on\n");
  expect(await world.lb.readMaintenance()).toBe(false);
  await world.lb.start(settings);
  expect(await world.lb.readMaintenance()).toBe(true);
  await world.lb.setMaintenance(false);
});

/** Begins an upload and leaves: abandoned by its client, not failed by us. */
async function abandonUpload(address: string, length: number, sent: number): Promise<void> {
  const socket = net.connect(settings.port, address).on("error", () => {});
  const head = `POST / HTTP/1.1\r\nHost: shop.example\r\nContent-Length: ${length}\r\n\r\n`;
  await new Promise((resolve) => socket.write(head + "x".repeat(sent), resolve));
  await clock.sleep(50);
  socket.resetAndDestroy();
}

test("the counts are those of the clients, through a switch, a page, a hold, dying servers and none", async () => {
  const blue = await world.application("blue", 2);
  const green = await world.application("green", 3);
  const { lb, address } = world;
  await lb.allowTester(token);
  await lb.addMember("a", blue.member);
  await lb.addMember("b", green.member);
  await lb.setRoute("public", "a");
  await lb.setRoute("test", "b");
  const before = await lb.counters();

  const dying = startClients(address, 8, (turn) => ({ path: turn % 25 === 7 || turn % 25 === 8 ? "/die" : "/" }));
  const uploads = startClients(address, 2, (turn) => ({ body: "u".repeat(60_000), chunked: turn % 2 === 0 }));
  const noise = [
    startClients(address, 2, (turn) => ({ tester: token, path: turn % 5 === 0 ? "/die" : "/" })),
    startClients(address, 2, (turn) => ({ host: "test.shop.example", path: turn % 5 === 0 ? "/die" : "/" })),
    startClients(address, 1, () => ({ host: "unknown.example" })),
  ];
  await clock.sleep(500);
  await lb.setRoute("public", "b");
  await clock.sleep(300);
  await lb.setMaintenance(true);
  await clock.sleep(300);
  await lb.hold({ seconds: 20, lapsesTo: "open" });
  await lb.setMaintenance(false);
  await clock.sleep(500);
  await lb.release();
  await clock.sleep(200);
  await lb.setRoute("public", null);
  await clock.sleep(200);
  await lb.setRoute("public", "a");
  await lb.removeMember("b", "green", 2_000);
  // Whether it was small or large, a client that leaves in the middle of its request is not a failure.
  for (let turn = 0; turn < 5; turn++) await abandonUpload(address, 5_000, 100);
  for (let turn = 0; turn < 5; turn++) await abandonUpload(address, 90_000, 60_000);
  await clock.sleep(200);

  const tallies = [await dying.stop(), await uploads.stop()];
  for (const other of noise) await other.stop();
  const sum = (key: "requests" | "paged" | "failed") => tallies.reduce((all, tally) => all + tally[key], 0);
  const counts = await lb.counters();
  expect(counts.requests - before.requests).toBe(sum("requests") + 5);
  expect(counts.paged - before.paged).toBe(sum("paged"));
  expect(counts.failed - before.failed).toBe(sum("failed"));
  expect(counts.held - before.held).toBe(10);
  expect(sum("requests")).toBeGreaterThan(1_000);
  expect(Math.min(sum("paged"), sum("failed"))).toBeGreaterThan(20);
});

test("clients that leave once their request is whole are not failures", async () => {
  const before = await world.lb.counters();
  for (let turn = 0; turn < 3; turn++) {
    const socket = net.connect(settings.port, world.address).on("error", () => {});
    await new Promise((resolve) => socket.write("GET /?ms=200 HTTP/1.1\r\nHost: shop.example\r\n\r\n", resolve));
    await clock.sleep(50);
    socket.resetAndDestroy();
  }
  await clock.sleep(400);
  const after = await world.lb.counters();
  expect(after.requests - before.requests).toBe(3);
  expect(after.failed - before.failed).toBe(0);
});

test("an upgraded connection is a tunnel, and counts as one answered request", async () => {
  const before = await world.lb.counters();
  const socket = net.connect(settings.port, world.address).on("error", () => {});
  socket.write("GET / HTTP/1.1\r\nHost: shop.example\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
  expect(String((await once(socket, "data"))[0])).toContain("101 Switching Protocols");
  socket.write("hello");
  expect(String((await once(socket, "data"))[0])).toBe("hello");
  const { requests, failed } = await world.lb.counters();
  expect([requests - before.requests, failed - before.failed]).toEqual([1, 0]);
  socket.destroy();
});

test("when a hold fills the load balancer, the rest of the crowd gets the page instead of silence", async () => {
  const config = (await world.host.readFile("load-balancer/haproxy.cfg")) ?? "";
  await world.host.putFile("load-balancer/haproxy.cfg", config.replace(/fe_conn ge \d+/, "fe_conn ge 10"));
  await world.kill();
  await world.lb.hold({ seconds: 30, lapsesTo: "open" });
  const first = Array.from({ length: 5 }, () => ask(world.address));
  const arrived = (count: number) => async () => (await world.lb.counters()).requests === count;
  expect(await waitFor(clock, { withinMs: 5_000, everyMs: 20 }, arrived(5))).toBe(true);
  const crowd = Array.from({ length: 25 }, () => ask(world.address));
  expect(await waitFor(clock, { withinMs: 5_000, everyMs: 20 }, arrived(30))).toBe(true);
  await world.lb.release();
  const answers = await Promise.all([...first, ...crowd]);
  const served = answers.filter((it) => it.status === 200).length;
  const paged = answers.filter((it) => it.headers["changeover-page"] === "maintenance").length;
  expect(served).toBeGreaterThanOrEqual(5);
  expect(served).toBeLessThan(10);
  expect(await world.lb.counters()).toEqual({ requests: 30, held: served, paged, failed: 0 });
});
