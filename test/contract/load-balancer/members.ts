/** The contract's part about routes and members: who gets which request, from when, and until when. */
import { expect, test } from "vitest";
import { problemOf } from "../host/world.ts";
import { backendOf, eventually, inService, memberOf, settings, type Setting } from "./world.ts";

const many = 12;

export function describeMembers(world: Setting): void {
  const bodies = async (count: number) => {
    const answers = await Promise.all(Array.from({ length: count }, () => world().ask()));
    return answers.map((answer) => answer?.body);
  };

  test("a route goes by the host name, in any spelling; without a slot nobody answers, and says when to come back", async () => {
    const balancer = await inService(world());
    expect((await world().ask({ host: "SHOP.example:8080" }))?.body).toBe("blue");
    expect((await world().ask({ host: settings.hosts.test }))?.body).toBe("green");
    expect((await world().ask({ host: "other.example" }))?.status).toBe(404);
    await balancer.setRoute("public", "b");
    await balancer.setRoute("test", null);
    expect([await balancer.readRoute("public"), await balancer.readRoute("test")]).toEqual(["b", null]);
    expect((await world().ask())?.body).toBe("green");
    const nobody = await world().ask({ host: settings.hosts.test });
    expect([nobody?.status, nobody?.headers["retry-after"]]).toEqual([503, "7"]);
    expect(nobody?.headers["changeover-page"]).toBeUndefined();
  });

  test("a member is added once, under one address", async () => {
    const balancer = await inService(world());
    const { member } = await backendOf(world(), "blue");
    await balancer.addMember("a", member);
    expect(await balancer.members("a")).toEqual([{ ...member, state: "ready", healthy: true, sessions: 0 }]);
    expect(await problemOf(balancer.addMember("a", { ...member, port: member.port + 1 }))).toBe("refused");
    expect(await balancer.members("a")).toHaveLength(1);
  });

  test("traffic only after the first good check: neither to one that is sick nor to one that is not there", async () => {
    const balancer = await inService(world());
    const late = await backendOf(world(), "late");
    late.seen.healthy = false;
    await balancer.addMember("a", late.member);
    await balancer.addMember("a", { server: "gone", ...world().nobody });
    for (const name of ["late", "gone"]) {
      expect(await memberOf(world(), "a", name)).toMatchObject({ state: "ready", healthy: false });
    }
    expect(new Set(await bodies(many))).toEqual(new Set(["blue"]));
    expect(late.seen.requests).toBe(0);
    late.seen.healthy = true;
    await eventually(world(), "it is let in", async () => (await bodies(2)).includes("late"));
    expect(await memberOf(world(), "a", "late")).toMatchObject({ healthy: true });
    late.seen.healthy = false;
    await eventually(world(), "it is left out", async () => (await memberOf(world(), "a", "late"))?.healthy === false);
    expect(new Set(await bodies(many))).toEqual(new Set(["blue"]));
    for (const name of ["late", "gone", "gone"]) await balancer.removeMember("a", name, 1_000);
    expect((await balancer.members("a")).map(({ server }) => server)).toEqual(["blue"]);
  });

  test("a member that leaves finishes what it has within the limit, and gets nothing new", async () => {
    const balancer = await inService(world());
    const extra = await backendOf(world(), "extra");
    await balancer.addMember("b", extra.member);
    await balancer.removeMember("b", "green", 1_000);
    const slow = world().ask({ host: settings.hosts.test, path: "/?ms=600" });
    await eventually(world(), "it is busy", async () => (await memberOf(world(), "b", "extra"))?.sessions === 1);
    const leaving = balancer.removeMember("b", "extra", 5_000);
    const drains = async () => (await memberOf(world(), "b", "extra"))?.state === "drain";
    await eventually(world(), "it drains", drains);
    expect((await world().ask({ host: settings.hosts.test }))?.status).toBe(503);
    expect(await slow).toMatchObject({ status: 200, body: "extra" });
    await leaving;
    expect(await balancer.members("b")).toEqual([]);
  });

  test("a drained member gets nothing new, and its websocket goes on and counts until it is closed", async () => {
    const balancer = await inService(world());
    const sessions = async () => (await memberOf(world(), "a", "blue"))?.sessions;
    const socket = await world().openSocket();
    expect(socket.reached).toBe("blue");
    await eventually(world(), "it counts", async () => (await sessions()) === 1);
    await balancer.addMember("a", (await backendOf(world(), "extra")).member);
    await balancer.drainMember("a", "blue");
    await balancer.drainMember("a", "blue");
    await balancer.drainMember("a", "nobody");
    expect(await memberOf(world(), "a", "blue")).toMatchObject({ state: "drain", sessions: 1 });
    expect(new Set(await bodies(many))).toEqual(new Set(["extra"]));
    const later = await world().openSocket();
    expect(later.reached).toBe("extra");
    await later.end();
    expect([await socket.stands(), await sessions()]).toEqual([true, 1]);
    await socket.end();
    await eventually(world(), "it counts no more", async () => (await sessions()) === 0);
    expect(await memberOf(world(), "a", "blue")).toMatchObject({ state: "drain" });
    await balancer.addMember("a", (await backendOf(world(), "blue")).member);
    await balancer.removeMember("a", "extra", 1_000);
    expect(await memberOf(world(), "a", "blue")).toMatchObject({ state: "ready", healthy: true });
    expect(new Set(await bodies(many))).toEqual(new Set(["blue"]));
  });

  test("a connection that is only kept for the next request is no session", async () => {
    const balancer = await inService(world());
    const client = await world().keptAlive({ path: "/?ms=300" });
    const first = client.ask();
    const sessions = async () => (await memberOf(world(), "a", "blue"))?.sessions;
    await eventually(world(), "it is busy", async () => (await sessions()) === 1);
    expect((await first)?.status).toBe(200);
    await eventually(world(), "it is idle", async () => (await sessions()) === 0);
    await balancer.drainMember("a", "blue");
    expect(await sessions()).toBe(0);
    expect((await client.ask())?.status, "a kept connection leads nowhere new").toBe(503);
    await client.end();
  });

  test("a websocket that is still open at the end of the limit is cut", async () => {
    const balancer = await inService(world());
    const socket = await world().openSocket();
    expect([socket.reached, await socket.stands()]).toEqual(["blue", true]);
    await balancer.removeMember("a", "blue", 100);
    expect(await socket.stands()).toBe(false);
    expect(await balancer.members("a")).toEqual([]);
  });

  test("what is still open at the end of the limit is cut", async () => {
    const balancer = await inService(world());
    const extra = await backendOf(world(), "extra");
    await balancer.removeMember("a", "blue", 1_000);
    await balancer.addMember("a", extra.member);
    const before = await balancer.counters();
    const endless = world().ask({ path: "/?ms=20000", body: "not to be repeated" });
    await eventually(world(), "it is busy", async () => (await memberOf(world(), "a", "extra"))?.sessions === 1);
    await balancer.removeMember("a", "extra", 300);
    expect((await endless)?.status ?? 502).toBeGreaterThanOrEqual(500);
    expect(await balancer.members("a")).toEqual([]);
    const after = await balancer.counters();
    expect([after.requests - before.requests, after.failed - before.failed]).toEqual([1, 1]);
  });

  test("what the application itself answers is no failure of the balancer; when nobody is there it is one", async () => {
    const balancer = await inService(world());
    const before = await balancer.counters();
    expect((await world().ask({ path: "/?code=500" }))?.status).toBe(500);
    expect((await world().ask({ path: "/?code=503" }))?.status).toBe(503);
    expect((await world().ask({ host: settings.hosts.test }))?.status).toBe(200);
    await balancer.setRoute("public", null);
    expect((await world().ask())?.status).toBe(503);
    const after = await balancer.counters();
    expect({ requests: after.requests - before.requests, failed: after.failed - before.failed }).toEqual({
      requests: 3,
      failed: 1,
    });
    expect([after.paged, after.held]).toEqual([before.paged, before.held]);
  });

  test("answers are counted for each server, errors among them, and one that was sent away begins anew", async () => {
    const balancer = await inService(world());
    const counted = async () => (await balancer.answers("a")).find(({ server }) => server === "blue");
    const before = await counted();
    for (const path of ["/?code=200", "/?code=500", "/?code=503", "/?code=404"]) await world().ask({ path });
    const after = await eventually(world(), "they are counted", async () => {
      const now = await counted();
      return now && now.answers - (before?.answers ?? 0) >= 4 && now;
    });
    expect(after.answers - (before?.answers ?? 0)).toBe(4);
    expect(after.errors - (before?.errors ?? 0)).toBe(2);
    expect((await balancer.answers("b")).map(({ server }) => server)).toEqual(["green"]);
    await balancer.removeMember("a", "blue", 100);
    await balancer.addMember("a", (await backendOf(world(), "blue")).member);
    expect(await counted()).toEqual({ server: "blue", answers: 0, errors: 0, latencyMs: null });
  });
}
