/** The contract's part about the balancer itself: started once, refused settings, a death that nobody notices. */
import { expect, test } from "vitest";
import { problemOf } from "../host/world.ts";
import { backendOf, eventually, inService, isPage, memberOf, settings, type Setting, token } from "./world.ts";

export function describeBirth(world: Setting): void {
  test("one that was never started has nothing to read and takes nothing", async () => {
    const { balancer } = world();
    expect(await balancer.running()).toBe(false);
    const asked: Record<string, () => Promise<unknown>> = {
      members: () => balancer.members("a"),
      readRoute: () => balancer.readRoute("public"),
      setRoute: () => balancer.setRoute("public", "a"),
      readShare: () => balancer.readShare(),
      setShare: () => balancer.setShare(0),
      setMaintenance: () => balancer.setMaintenance(true),
      allowTester: () => balancer.allowTester(token),
      readEndpoint: () => balancer.readEndpoint("a"),
      counters: () => balancer.counters(),
      answers: () => balancer.answers("a"),
    };
    for (const [name, ask] of Object.entries(asked))
      expect([name, await problemOf(ask())]).toEqual([name, "not-found"]);
    await balancer.stop();
  });

  test("a new one leads nowhere, and starting it again leaves its process alone", async () => {
    const { balancer, ask } = world();
    await balancer.start(settings);
    expect(await balancer.running()).toBe(true);
    expect([await balancer.readRoute("public"), await balancer.readRoute("test")]).toEqual([null, null]);
    expect([await balancer.members("a"), await balancer.members("b")]).toEqual([[], []]);
    expect([await balancer.readEndpoint("a"), await balancer.readEndpoint("b")]).toEqual([null, null]);
    expect([await balancer.readMaintenance(), await balancer.countTesters()]).toEqual([false, 0]);
    expect(await balancer.readShare()).toBe(0);
    expect(await balancer.readHold()).toEqual({ held: false, leftMs: 0 });
    expect((await ask())?.status).toBe(503);
    const counted = await balancer.counters();
    expect(counted).toEqual({ requests: 1, paged: 0, held: 0, failed: 1 });
    await balancer.start(settings);
    expect(await balancer.counters()).toEqual(counted);
  });

  test("settings and words that no balancer could be told are refused, and nothing changes", async () => {
    const { balancer } = world();
    for (const wrong of [
      { page: "x".repeat(16_000) },
      { hosts: { public: "one.example", test: "One.example" } },
      { endpointPorts: { a: 3306, b: 3306 } },
      { retryAfterSeconds: 0 },
    ]) {
      expect([wrong, await problemOf(balancer.start({ ...settings, ...wrong }))]).toEqual([wrong, "bad-input"]);
    }
    expect(await problemOf(balancer.addMember("a", { server: "a b", address: "10.0.0.1", port: 80 }))).toBe(
      "bad-input",
    );
    expect(await problemOf(balancer.addMember("a", { server: "a", address: "a.example", port: 80 }))).toBe("bad-input");
    expect(await problemOf(balancer.setEndpoint("a", { address: "10.0.0.1", port: 0 }))).toBe("bad-input");
    expect(await problemOf(balancer.allowTester("short"))).toBe("bad-input");
    for (const percent of [-1, 101, 12.5, Number.NaN]) {
      expect([percent, await problemOf(balancer.setShare(percent))]).toEqual([percent, "bad-input"]);
    }
    for (const seconds of [0, -1, 3_601]) {
      expect(await problemOf(balancer.hold({ seconds, lapsesTo: "open" }))).toBe("bad-input");
    }
    expect(await balancer.readHold()).toEqual({ held: false, leftMs: 0 });
    expect(await balancer.running()).toBe(true);
  });
}

export function describeDeath(world: Setting): void {
  test("all that was decided survives a death of the process; its counts begin again", async () => {
    const balancer = await inService(world());
    const database = await world().database("db-1");
    await balancer.setRoute("public", "b");
    await balancer.setRoute("test", "a");
    await balancer.setEndpoint("a", database);
    await balancer.allowTester(token);
    await balancer.setMaintenance(true);
    await balancer.hold({ seconds: 60, lapsesTo: "page" });
    const standing = await world().connect("a");
    expect(standing.reached).toBe("db-1");
    const look = async () => ({
      routes: [await balancer.readRoute("public"), await balancer.readRoute("test")],
      maintenance: await balancer.readMaintenance(),
      held: (await balancer.readHold()).held,
      endpoints: [await balancer.readEndpoint("a"), await balancer.readEndpoint("b")],
      members: [await balancer.members("a"), await balancer.members("b")].flat().map(({ server }) => server),
      testers: await balancer.countTesters(),
    });
    const before = await look();
    const inFlight = world().ask({ host: settings.hosts.test, path: "/?ms=5000" });
    await eventually(world(), "it is asked", async () => (await memberOf(world(), "a", "blue"))?.sessions === 1);
    await world().kill();
    expect(await inFlight).toBeNull();
    expect(await look()).toEqual(before);
    expect(await standing.stands()).toBe(false);
    expect((await world().connect("a")).reached).toBe("db-1");
    expect(await balancer.counters()).toEqual({ requests: 0, paged: 0, held: 0, failed: 0 });
    expect(isPage(await world().ask())).toBe(true);
    expect((await world().ask({ tester: token }))?.body).toBe("green");
    expect((await world().ask({ host: settings.hosts.test }))?.body).toBe("blue");
  });

  test("another page takes a new process, which start brings, and nothing else changes", async () => {
    const balancer = await inService(world());
    await balancer.setMaintenance(true);
    expect(await world().ask()).toMatchObject({ status: 503, body: settings.page });
    const page = "<h1>Another</h1>".padEnd(15_999, "!");
    await balancer.start({ ...settings, page, retryAfterSeconds: 9 });
    const answer = await world().ask();
    expect([answer?.body, answer?.headers["retry-after"]]).toEqual([page, "9"]);
    await balancer.start(settings);
    expect(await balancer.counters()).toMatchObject({ requests: 0 });
    await balancer.setMaintenance(false);
    expect((await world().ask())?.body).toBe("blue");
    expect((await balancer.members("a")).map(({ server }) => server)).toEqual(["blue"]);
  });

  test("stopped it can't be asked and answers nobody; started it is what it was", { timeout: 60_000 }, async () => {
    const balancer = await inService(world());
    await balancer.stop();
    await balancer.stop();
    expect(await balancer.running()).toBe(false);
    expect(await problemOf(balancer.readRoute("public"))).toBe("unreachable");
    expect(await world().ask()).toBeNull();
    await balancer.start(settings);
    expect(await balancer.readRoute("public")).toBe("a");
    const blue = await backendOf(world(), "blue");
    const served = await eventually(world(), "blue serves", async () => {
      const answer = await world().ask();
      return answer?.status === 200 && answer;
    });
    expect(served.body).toBe(blue.member.server);
  });
}
