/** HAProxy under traffic: nothing is lost at a switch, at a page, in a hold, or when servers come and go. */
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { waitFor } from "../../src/model/clock.ts";
import { problemOf } from "../contract/host/world.ts";
import { settings, token } from "../contract/load-balancer/world.ts";
import { ask, clock, createHaproxyWorld, startClients } from "./haproxy-world.ts";

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
  await world.lb.allowTester(token);
});

beforeEach(async () => {
  await world.lb.setMaintenance(false);
  await world.lb.release();
  await world.lb.setRoute("public", "a");
  await world.lb.setRoute("test", null);
});

afterAll(() => world?.close());

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
    expect((await ask(world.address, { tester: token })).body).toBe("blue");
    expect((await ask(world.address, { host: "test.shop.example" })).body).toBe("green");
    expect((await ask(world.address, { tester: "forged-token" })).status).toBe(503);
  }
  const tally = await during.stop();
  expect(tally.paged).toBe(tally.requests);
  expect((await inFlight).body).toBe("blue");
  expect(blue.seen.headers["x-forwarded-for"]).toBeDefined();
  expect(blue.seen.headers["x-changeover-tester"]).toBeUndefined();
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
  expect((await ask(world.address, { tester: token })).body).toBe("blue");
  expect((await ask(world.address, { host: "test.shop.example" })).body).toBe("green");

  await world.lb.setRoute("public", "b");
  await world.lb.release();
  await clock.sleep(200);
  const tally = await clients.stop();
  expect(tally.failed + tally.paged).toBe(0);
  expect(tally.slowestMs).toBeGreaterThan(1_900);
  expect((await world.lb.counters()).held - before.held).toBe(20);
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

test("one that was started before there were shares gives none and says so; started anew it can", async () => {
  const { host, lb } = world;
  const config = (await host.readFile("load-balancer/haproxy.cfg")) ?? "";
  const older = config
    .split("\n")
    .filter((line) => !/txn\.share|txn\.draw|drawn|txn\.pool\) var/.test(line))
    .map((line) => line.replace("var(txn.pool)", "var(txn.slot)"));
  await host.putFile("load-balancer/haproxy.cfg", older.join("\n"));
  await host.remove("load-balancer/maps/share.map");
  const command = "PATH=$PATH:/usr/sbin:/usr/local/sbin; exec haproxy -db -f haproxy.cfg";
  const env = { CONFIGURATION_HASH: "older" };
  await host.startService({ name: "haproxy", command, cwd: "load-balancer", env });
  await waitFor(clock, { withinMs: 10_000, everyMs: 50 }, () => lb.running());
  expect(await lb.readShare()).toBe(0);
  await lb.setShare(0);
  expect(await problemOf(lb.setShare(10))).toBe("refused");
  await lb.setRoute("public", "b");
  await lb.setRoute("public", "a");
  expect([await lb.readRoute("public"), await lb.readShare()]).toEqual(["a", 0]);
  expect((await ask(world.address)).body).toBe("blue");

  await lb.start(settings);
  expect([await lb.readRoute("public"), await lb.readShare()]).toEqual(["a", 0]);
  await lb.setShare(100);
  expect([await lb.readShare(), (await ask(world.address)).body]).toEqual([100, "green"]);
});
