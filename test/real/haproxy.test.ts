/** HAProxy under traffic: nothing is lost at a switch, and all that was decided survives its death. */
import { once } from "node:events";
import net from "node:net";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { waitFor } from "../../src/model/clock.ts";
import { ask, clock, createHaproxyWorld, settings, startClients, TOKEN } from "./haproxy-world.ts";

type World = Awaited<ReturnType<typeof createHaproxyWorld>>;
let world: World;
let blue: Awaited<ReturnType<World["application"]>>;
let green: Awaited<ReturnType<World["application"]>>;

beforeAll(async () => {
  world = await createHaproxyWorld();
  blue = await world.application("blue", 2);
  green = await world.application("green", 3);
  await world.lb.start(settings);
  await world.lb.addMember("a", blue.member);
  await world.lb.addMember("b", green.member);
  await world.lb.allowTester(TOKEN);
});

beforeEach(async () => {
  await world.lb.setMaintenance(false);
  await world.lb.release();
  await world.lb.setRoute("public", "a");
  await world.lb.setRoute("test", null);
});

afterAll(() => world?.close());

const killed = async () => {
  const { pid, restarts } = await world.host.serviceState("haproxy");
  process.kill(pid ?? 0, "SIGKILL");
  const back = await waitFor(clock, { withinMs: 20_000, everyMs: 50 }, async () => {
    const now = await world.host.serviceState("haproxy");
    return now.restarts > restarts && (await world.lb.running());
  });
  expect(back).toBe(true);
};

test("starting twice leaves the process alone, and routes go by host name", async () => {
  const before = await world.host.serviceState("haproxy");
  await world.lb.start(settings);
  expect((await world.host.serviceState("haproxy")).pid).toBe(before.pid);
  expect(await world.lb.readRoute("public")).toBe("a");
  expect(await world.lb.readRoute("test")).toBeNull();

  expect((await ask(world.address, { host: "SHOP.example:8080" })).body).toBe("blue");
  expect((await ask(world.address, { host: "other.example" })).status).toBe(404);
  const nobody = await ask(world.address, { host: "test.shop.example" });
  expect([nobody.status, nobody.headers["retry-after"]]).toEqual([503, "7"]);
  await world.lb.setRoute("test", "b");
  expect((await ask(world.address, { host: "test.shop.example", tester: TOKEN })).body).toBe("green");
  expect(green.seen.headers["x-forwarded-for"]).toBeDefined();
  expect(green.seen.headers["x-changeover-tester"]).toBeUndefined();
});

test("flipping the public route under load fails no request", async () => {
  const clients = startClients(world.address, 8);
  for (let flip = 0; flip < 30; flip++) {
    await clock.sleep(30);
    await world.lb.setRoute("public", flip % 2 === 0 ? "b" : "a");
  }
  const tally = await clients.stop();
  expect(tally.failed).toBe(0);
  expect(tally.answers.blue).toBeGreaterThan(50);
  expect(tally.answers.green).toBeGreaterThan(50);
});

test("maintenance is exact: the public gets the page, testers and the test host pass, the rest ends well", async () => {
  await world.lb.setRoute("test", "b");
  const inFlight = ask(world.address, { path: "/?ms=1500" });
  await waitFor(clock, { withinMs: 5_000, everyMs: 10 }, async () => (await world.lb.members("a"))[0]?.sessions === 1);
  await world.lb.setMaintenance(true);
  expect(await world.lb.readMaintenance()).toBe(true);
  const during = startClients(world.address, 4);
  for (let turn = 0; turn < 50; turn++) {
    expect((await ask(world.address, { tester: TOKEN })).body).toBe("blue");
    expect((await ask(world.address, { host: "test.shop.example" })).body).toBe("green");
    expect((await ask(world.address, { tester: "forged-token" })).status).toBe(503);
  }
  const tally = await during.stop();
  expect(tally.paged).toBe(tally.requests);
  expect((await inFlight).body).toBe("blue");

  const page = await ask(world.address, { body: "an order" });
  expect([page.status, page.body]).toEqual([503, settings.page]);
  expect(page.headers).toMatchObject({
    "retry-after": "7",
    "cache-control": "no-store",
    "changeover-page": "maintenance",
  });
  await world.lb.setMaintenance(false);
  expect(await world.lb.readMaintenance()).toBe(false);
  expect((await ask(world.address)).body).toBe("blue");
});

test("a hold lets the public wait and loses none of it; testers and the test host do not wait", async () => {
  await world.lb.setRoute("test", "b");
  const clients = startClients(world.address, 20);
  await clock.sleep(200);
  const before = await world.lb.counters();
  await world.lb.hold({ seconds: 30, lapsesTo: "page" });
  expect(await world.lb.readHold()).toMatchObject({ held: true });
  const nowServed = async () => (await world.lb.members("a"))[0]?.sessions;
  expect(await waitFor(clock, { withinMs: 5_000, everyMs: 10 }, async () => (await nowServed()) === 0)).toBe(true);
  const served = blue.seen.requests;
  await clock.sleep(2_000);
  expect(blue.seen.requests).toBe(served);
  expect((await ask(world.address, { tester: TOKEN })).body).toBe("blue");
  expect((await ask(world.address, { host: "test.shop.example" })).body).toBe("green");

  await world.lb.setRoute("public", "b");
  await world.lb.release();
  await clock.sleep(200);
  const tally = await clients.stop();
  expect(tally.failed + tally.paged).toBe(0);
  expect(tally.slowestMs).toBeGreaterThan(1_900);
  expect((await world.lb.counters()).held - before.held).toBe(20);
});

test("maintenance that begins during a hold gives those who wait the page", async () => {
  await world.lb.hold({ seconds: 30, lapsesTo: "open" });
  const held = (await world.lb.counters()).held;
  const waiting = ask(world.address);
  await waitFor(clock, { withinMs: 5_000, everyMs: 10 }, async () => (await world.lb.counters()).held > held);
  await world.lb.setMaintenance(true);
  expect((await waiting).headers["changeover-page"]).toBe("maintenance");
});

test("a hold that nobody renews opens by itself, or ends in the page when that was asked for", async () => {
  await world.lb.hold({ seconds: 0.5, lapsesTo: "open" });
  expect((await ask(world.address)).body).toBe("blue");
  expect(await world.lb.readHold()).toEqual({ held: false, leftMs: 0 });
  expect(await world.lb.readMaintenance()).toBe(false);

  await world.lb.hold({ seconds: 0.5, lapsesTo: "page" });
  expect((await ask(world.address)).headers["changeover-page"]).toBe("maintenance");
  expect((await ask(world.address, { tester: TOKEN })).body).toBe("blue");
  expect(await world.lb.readHold()).toEqual({ held: false, leftMs: 0 });
  expect(await world.lb.readMaintenance()).toBe(true);
  await world.lb.setMaintenance(false);
  expect(await world.lb.readMaintenance()).toBe(false);
  expect((await ask(world.address)).body).toBe("blue");
});

test("everything holds after the process was killed", async () => {
  const db = await world.database("db-one", 20);
  await world.lb.setRoute("public", "b");
  await world.lb.setRoute("test", "a");
  await world.lb.setEndpoint("a", db);
  await world.lb.setMaintenance(true);
  await world.lb.hold({ seconds: 60, lapsesTo: "page" });
  const look = async () => ({
    routes: [await world.lb.readRoute("public"), await world.lb.readRoute("test")],
    maintenance: await world.lb.readMaintenance(),
    held: (await world.lb.readHold()).held,
    endpoints: [await world.lb.readEndpoint("a"), await world.lb.readEndpoint("b")],
    members: [await world.lb.members("a"), await world.lb.members("b")]
      .flat()
      .map((it) => `${it.server} ${it.address}`),
    testers: await world.lb.countTesters(),
  });
  const before = await look();
  expect(before).toMatchObject({
    routes: ["b", "a"],
    maintenance: true,
    held: true,
    endpoints: [db, null],
    testers: 1,
  });
  expect(before.members).toHaveLength(2);
  await killed();
  expect(await look()).toEqual(before);
  expect((await ask(world.address)).headers["changeover-page"]).toBe("maintenance");
  expect((await ask(world.address, { tester: TOKEN })).body).toBe("green");
  expect((await ask(world.address, { host: "test.shop.example" })).body).toBe("blue");
});

test("a dead server gets no traffic, and is let in by its first good check", async () => {
  const late = await world.application("late", 4);
  late.seen.healthy = false;
  await world.lb.addMember("a", late.member);
  await world.lb.addMember("a", { server: "gone", address: world.addressOf(9), port: 8000 });
  const found = async (name: string) => (await world.lb.members("a")).find((it) => it.server === name);
  expect(await found("late")).toMatchObject({ state: "ready", healthy: false });
  expect(await found("gone")).toMatchObject({ state: "ready", healthy: false });
  const clients = startClients(world.address, 8);
  await clock.sleep(600);
  expect(late.seen.requests).toBe(0);
  late.seen.healthy = true;
  expect(await waitFor(clock, { withinMs: 5_000, everyMs: 50 }, async () => late.seen.requests > 0)).toBe(true);
  expect((await clients.stop()).failed).toBe(0);

  await world.lb.removeMember("a", "late", 2_000);
  await world.lb.removeMember("a", "gone", 2_000);
  await world.lb.removeMember("a", "gone", 2_000);
  expect((await world.lb.members("a")).map((it) => it.server)).toEqual(["blue"]);
});

test("servers come and go during traffic without a failed request; what outlives the drain is cut", async () => {
  const extra = await world.application("extra", 5);
  const clients = startClients(world.address, 8, (turn) => ({ path: turn % 10 === 0 ? "/?ms=300" : "/" }));
  for (let round = 0; round < 3; round++) {
    await world.lb.addMember("a", extra.member);
    await world.lb.addMember("a", extra.member);
    await clock.sleep(150);
    await world.lb.removeMember("a", "extra", 5_000);
  }
  const tally = await clients.stop();
  expect(tally.failed).toBe(0);
  expect(tally.answers.extra).toBeGreaterThan(20);

  await world.lb.addMember("b", extra.member);
  await world.lb.removeMember("b", "green", 5_000);
  await world.lb.setRoute("test", "b");
  const endless = ask(world.address, { host: "test.shop.example", path: "/?ms=20000", body: "x" }).catch(() => null);
  await waitFor(clock, { withinMs: 5_000, everyMs: 10 }, async () => (await world.lb.members("b"))[0]?.sessions === 1);
  await world.lb.removeMember("b", "extra", 300);
  expect((await endless)?.status ?? 502).toBeGreaterThanOrEqual(500);
  expect(await world.lb.members("b")).toEqual([]);
  await world.lb.addMember("b", green.member);
});

test("moving a database endpoint cuts its connections and connects elsewhere; without one nobody gets in", async () => {
  const [one, two] = [await world.database("db-1", 21), await world.database("db-2", 22)];
  const connect = async () => {
    const socket = net.connect(settings.endpointPorts.b, world.address).on("error", () => {});
    const closed = new Promise<string>((resolve) => socket.on("close", () => resolve("closed")));
    const said = once(socket, "data").then(([data]) => String(data));
    return { closed, said: await Promise.race([said, closed]), end: () => socket.destroy() };
  };
  await world.lb.setEndpoint("b", one);
  const first = await connect();
  expect(first.said).toBe("db-1");
  await world.lb.setEndpoint("b", one);
  await world.lb.setEndpoint("b", two);
  expect(await first.closed).toBe("closed");
  expect(await world.lb.readEndpoint("b")).toEqual(two);
  const second = await connect();
  expect(second.said).toBe("db-2");
  await world.lb.setEndpoint("b", null);
  expect(await second.closed).toBe("closed");
  expect((await connect()).said).toBe("closed");
  expect(await world.lb.readEndpoint("b")).toBeNull();
});
