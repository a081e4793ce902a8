/** The contract's part about the share of the public that the other slot gets, and how fast each server answers. */
import { expect, test } from "vitest";
import type { ServerAnswers, Slot } from "../../../src/model/load-balancer.ts";
import { problemOf } from "../host/world.ts";
import { backendOf, eventually, inService, isPage, memberOf, settings, type Setting, token } from "./world.ts";

const ROUNDS = 20;
const AT_ONCE = 20;

export function describeShare(world: Setting): void {
  /** Who answered how many of 400 requests; what was not an application's answer stands as its status. */
  const tally = async (): Promise<Record<string, number>> => {
    const seen: Record<string, number> = {};
    for (let round = 0; round < ROUNDS; round++) {
      const answers = await Promise.all(Array.from({ length: AT_ONCE }, () => world().ask()));
      for (const answer of answers) {
        const who = answer?.status === 200 ? answer.body : String(answer?.status);
        seen[who] = (seen[who] ?? 0) + 1;
      }
    }
    return seen;
  };
  const requests = ROUNDS * AT_ONCE;

  test("of a hundred requests, as many as the share go to the other slot, the rest to the route's", async () => {
    const balancer = await inService(world());
    expect([await balancer.readShare(), await tally()]).toEqual([0, { blue: requests }]);
    await balancer.setShare(25);
    await balancer.setShare(25);
    expect([await balancer.readShare(), await balancer.readRoute("public")]).toEqual([25, "a"]);
    const { blue = 0, green = 0, ...others } = await tally();
    expect(others).toEqual({});
    expect(blue + green).toBe(requests);
    expect(green).toBeGreaterThanOrEqual(60);
    expect(green).toBeLessThanOrEqual(140);
    await balancer.setShare(100);
    expect([await balancer.readShare(), await tally()]).toEqual([100, { green: requests }]);
    await balancer.setShare(0);
    expect([await balancer.readShare(), await tally()]).toEqual([0, { blue: requests }]);
  });

  test("each request is drawn anew, also over a connection that stays open", async () => {
    const balancer = await inService(world());
    await balancer.setShare(50);
    const client = await world().keptAlive();
    const bodies = new Set<string | undefined>();
    for (let turn = 0; turn < 40; turn++) bodies.add((await client.ask())?.body);
    await client.end();
    expect([...bodies].sort()).toEqual(["blue", "green"]);
  });

  test("neither testers nor the test host are drawn", async () => {
    const balancer = await inService(world());
    await balancer.allowTester(token);
    await balancer.setRoute("test", "a");
    await balancer.setShare(100);
    for (let turn = 0; turn < 10; turn++) {
      expect((await world().ask())?.body).toBe("green");
      expect((await world().ask({ tester: token }))?.body).toBe("blue");
      expect((await world().ask({ host: settings.hosts.test }))?.body).toBe("blue");
    }
  });

  test("nobody gets an error because the other slot is drained, sick or empty: its share goes to the route's slot", async () => {
    const balancer = await inService(world());
    const green = await backendOf(world(), "green");
    const sick = async () => (await memberOf(world(), "b", "green"))?.healthy === false;
    await balancer.setShare(100);
    const before = await balancer.counters();
    expect((await world().ask())?.body).toBe("green");
    await balancer.drainMember("b", "green");
    expect(await tally(), "drained").toEqual({ blue: requests });
    await balancer.addMember("b", green.member);
    green.seen.healthy = false;
    await eventually(world(), "it is left out", sick);
    expect(await tally(), "sick").toEqual({ blue: requests });
    green.seen.healthy = true;
    await eventually(world(), "it is let in", async () => !(await sick()));
    expect((await world().ask())?.body).toBe("green");
    await balancer.removeMember("b", "green", 1_000);
    expect(await tally(), "empty").toEqual({ blue: requests });
    const after = await balancer.counters();
    expect([after.requests - before.requests, after.failed - before.failed]).toEqual([3 * requests + 2, 0]);
    expect(await balancer.readShare()).toBe(100);
  });

  test("page and hold come first; who was held is drawn afterwards", async () => {
    const balancer = await inService(world());
    await balancer.setShare(100);
    await balancer.setMaintenance(true);
    for (let turn = 0; turn < 10; turn++) expect(isPage(await world().ask())).toBe(true);
    await balancer.setMaintenance(false);
    expect(await balancer.readShare()).toBe(100);
    const { held } = await balancer.counters();
    await balancer.hold({ seconds: 30, lapsesTo: "open" });
    const waiting = world().ask();
    await eventually(world(), "it waits", async () => (await balancer.counters()).held === held + 1);
    await balancer.release();
    expect((await waiting)?.body).toBe("green");
  });

  test("a swap ends the share, and at no moment does anyone get the slot that nobody should get", async () => {
    const balancer = await inService(world());
    for (const to of ["b", "a", "b", "a"] as const) {
      // All of the public goes to the slot that the route is about to lead to: none of it may come back.
      await balancer.setShare(100);
      let asking = true;
      const bodies = new Set<string | undefined>();
      const client = async () => {
        while (asking) bodies.add((await world().ask())?.body);
      };
      const clients = Array.from({ length: 8 }, client);
      await world().clock.sleep(50);
      await balancer.setRoute("public", to);
      expect([await balancer.readRoute("public"), await balancer.readShare()]).toEqual([to, 0]);
      await world().clock.sleep(50);
      asking = false;
      await Promise.all(clients);
      expect([...bodies]).toEqual([to === "b" ? "green" : "blue"]);
    }
  });

  test("the share also ends when the public is led to the same slot, or nowhere, where there is none to give", async () => {
    const balancer = await inService(world());
    await balancer.setShare(30);
    await balancer.setRoute("test", null);
    expect(await balancer.readShare()).toBe(30);
    await balancer.setRoute("public", "a");
    expect(await balancer.readShare()).toBe(0);
    await balancer.setShare(30);
    await balancer.setRoute("public", null);
    expect(await balancer.readShare()).toBe(0);
    expect(await problemOf(balancer.setShare(30))).toBe("refused");
    await balancer.setShare(0);
    await balancer.setRoute("public", "a");
    expect([await balancer.readShare(), await tally()]).toEqual([0, { blue: requests }]);
  });

  test("a death of the process changes nothing of it", async () => {
    const balancer = await inService(world());
    await balancer.setShare(100);
    await world().kill();
    expect(await balancer.readShare()).toBe(100);
    const green = async () => (await world().ask())?.body === "green";
    await eventually(world(), "it gives again", green);
    expect(await tally()).toEqual({ green: requests });
  });

  test("how long each server takes to answer: nothing before its first answer, testers are in it", async () => {
    const balancer = await inService(world());
    await balancer.allowTester(token);
    for (const [slot, name] of [["a", "blue"] as const, ["b", "green"] as const]) {
      await balancer.removeMember(slot, name, 1_000);
      await balancer.addMember(slot, (await backendOf(world(), name)).member);
    }
    const seen = async (slot: Slot): Promise<ServerAnswers | undefined> => (await balancer.answers(slot))[0];
    // It was checked by now, and that is none.
    expect([await seen("a"), await seen("b")]).toMatchObject([{ latencyMs: null }, { latencyMs: null }]);
    await balancer.setShare(100);
    for (let turn = 0; turn < 6; turn++) {
      await world().ask({ tester: token });
      await world().ask({ path: "/?ms=150" });
    }
    const all = (slot: Slot) =>
      eventually(world(), "all are counted", async () => {
        const now = await seen(slot);
        return now && now.answers === 6 && (slot === "a" || (now.latencyMs ?? 0) > 120) && now;
      });
    const [blue, green] = [await all("a"), await all("b")];
    expect(green.latencyMs).toBeGreaterThanOrEqual(145);
    expect(green.latencyMs).toBeLessThan(1_000);
    expect(blue.latencyMs).toBeGreaterThanOrEqual(0);
    expect(blue.latencyMs).toBeLessThan(green.latencyMs ?? 0);
    expect(blue.latencyMs).toSatisfy(Number.isInteger);
  });
}
