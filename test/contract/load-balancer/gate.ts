/** The contract's part about what stands before the public: the page, the hold and its lease, and who passes both. */
import { expect, test } from "vitest";
import { eventually, inService, isPage, settings, type Setting, token } from "./world.ts";

export function describeGate(world: Setting): void {
  const onHold = async (count: number) =>
    eventually(world(), `${count} wait`, async () => (await world().balancer.counters()).held >= count);

  test("the public gets the page with Retry-After; testers and the test host pass, until testers are forgotten", async () => {
    const balancer = await inService(world());
    await balancer.allowTester(token);
    await balancer.allowTester(token);
    expect(await balancer.countTesters()).toBe(1);
    const before = await balancer.counters();
    await balancer.setMaintenance(true);
    await balancer.setMaintenance(true);
    expect(await balancer.readMaintenance()).toBe(true);
    for (const asked of [{}, { body: "an order" }, { tester: "forged-token" }]) {
      const answer = await world().ask(asked);
      expect(answer).toMatchObject({ status: 503, body: settings.page });
      expect(answer?.headers).toMatchObject({
        "retry-after": "7",
        "cache-control": "no-store",
        "changeover-page": "maintenance",
      });
    }
    expect((await world().ask({ tester: token }))?.body).toBe("blue");
    expect((await world().ask({ host: settings.hosts.test }))?.body).toBe("green");
    const after = await balancer.counters();
    expect([after.requests - before.requests, after.paged - before.paged]).toEqual([3, 3]);
    expect(after.failed).toBe(before.failed);
    await balancer.forgetTesters();
    expect(await balancer.countTesters()).toBe(0);
    expect(isPage(await world().ask({ tester: token }))).toBe(true);
    await balancer.setMaintenance(false);
    expect(await balancer.readMaintenance()).toBe(false);
    expect((await world().ask())?.body).toBe("blue");
  });

  test("a hold lets the public wait and is renewed; released, each is answered as the route is by then", async () => {
    const balancer = await inService(world());
    await balancer.allowTester(token);
    const before = await balancer.counters();
    await balancer.hold({ seconds: 1, lapsesTo: "page" });
    const waiting = [world().ask(), world().ask({ body: "an order" })];
    await onHold(before.held + 2);
    await balancer.hold({ seconds: 60, lapsesTo: "page" });
    const { held, leftMs } = await balancer.readHold();
    expect(held).toBe(true);
    expect(leftMs).toBeGreaterThan(50_000);
    expect(leftMs).toBeLessThanOrEqual(60_000);
    expect(await balancer.readMaintenance()).toBe(false);
    expect((await world().ask({ tester: token }))?.body).toBe("blue");
    expect((await world().ask({ host: settings.hosts.test }))?.body).toBe("green");
    await world().clock.sleep(1_100);
    await balancer.setRoute("public", "b");
    await balancer.release();
    await balancer.release();
    expect((await Promise.all(waiting)).map((answer) => answer?.body)).toEqual(["green", "green"]);
    expect(await balancer.readHold()).toEqual({ held: false, leftMs: 0 });
    const after = await balancer.counters();
    expect({
      requests: after.requests - before.requests,
      held: after.held - before.held,
      paged: after.paged - before.paged,
      failed: after.failed - before.failed,
    }).toEqual({ requests: 2, held: 2, paged: 0, failed: 0 });
  });

  test("maintenance that begins during a hold gives those who wait the page", async () => {
    const balancer = await inService(world());
    const { held } = await balancer.counters();
    await balancer.hold({ seconds: 30, lapsesTo: "open" });
    const waiting = world().ask();
    await onHold(held + 1);
    await balancer.setMaintenance(true);
    expect(isPage(await waiting)).toBe(true);
  });

  test("a hold that nobody renews opens by itself", async () => {
    const balancer = await inService(world());
    await balancer.hold({ seconds: 0.4, lapsesTo: "open" });
    expect((await world().ask())?.body).toBe("blue");
    expect(await balancer.readHold()).toEqual({ held: false, leftMs: 0 });
    expect(await balancer.readMaintenance()).toBe(false);
  });

  test("or ends in the page when that was asked for, which is maintenance until it is ended", async () => {
    const balancer = await inService(world());
    await balancer.allowTester(token);
    await balancer.hold({ seconds: 0.4, lapsesTo: "page" });
    expect(isPage(await world().ask())).toBe(true);
    expect((await world().ask({ tester: token }))?.body).toBe("blue");
    expect(await balancer.readHold()).toEqual({ held: false, leftMs: 0 });
    expect(await balancer.readMaintenance()).toBe(true);
    await balancer.setMaintenance(false);
    expect(await balancer.readMaintenance()).toBe(false);
    expect((await world().ask())?.body).toBe("blue");
  });
}
