/** The contract's part about leases: they lapse by themselves, once, unless they are renewed or ended. */
import { expect, test } from "vitest";
import { eventually, launch, linesOf, type Setting } from "./world.ts";

export function describeLeases(world: Setting): void {
  const lapse = () => world().programs.append("lapsed", "x");
  const lapsed = (look: () => Promise<{ state: string }>) =>
    eventually(world(), async () => (await look()).state === "lapsed");

  test("a lease that nobody renews lapses once", async () => {
    const host = await launch(world());
    expect(await host.leaseState("hold")).toEqual({ state: "absent" });
    await host.setLease({ name: "hold", seconds: 0.4, onLapse: lapse() });
    const held = await host.leaseState("hold");
    expect(held.state).toBe("held");
    expect("leftMs" in held && held.leftMs).toBeLessThanOrEqual(400);
    await lapsed(() => host.leaseState("hold"));
    await eventually(world(), async () => (await linesOf(host, "lapsed")).length === 1);
    await world().clock.sleep(600);
    expect(await linesOf(host, "lapsed")).toEqual(["x"]);
    expect(await host.leaseState("hold")).toEqual({ state: "lapsed" });
  });

  test("renewing moves the deadline, to later and to sooner", async () => {
    const host = await launch(world());
    for (let renewal = 0; renewal < 4; renewal += 1) {
      await host.setLease({ name: "hold", seconds: 60, onLapse: lapse() });
      await world().clock.sleep(100);
    }
    expect(await linesOf(host, "lapsed")).toEqual([]);
    await host.setLease({ name: "hold", seconds: 0.2, onLapse: lapse() });
    await lapsed(() => host.leaseState("hold"));
    await eventually(world(), async () => (await linesOf(host, "lapsed")).length === 1);
  });

  test("ended, it never lapses; after a lapse it can be set again", async () => {
    const host = await launch(world());
    await host.endLease("hold");
    await host.setLease({ name: "hold", seconds: 0.3, onLapse: lapse() });
    await host.endLease("hold");
    await world().clock.sleep(700);
    expect(await host.leaseState("hold")).toEqual({ state: "absent" });
    expect(await linesOf(host, "lapsed")).toEqual([]);
    for (const times of [1, 2]) {
      await host.setLease({ name: "hold", seconds: 0.1, onLapse: lapse() });
      await eventually(world(), async () => (await linesOf(host, "lapsed")).length === times);
      await lapsed(() => host.leaseState("hold"));
    }
    await host.endLease("hold");
    expect(await host.leaseState("hold")).toEqual({ state: "absent" });
  });

  test("what the renewal says is what happens", async () => {
    const host = await launch(world());
    await host.setLease({ name: "hold", seconds: 60, onLapse: world().programs.append("lapsed", "open") });
    await host.setLease({ name: "hold", seconds: 0.1, onLapse: world().programs.append("lapsed", "page") });
    await eventually(world(), async () => (await linesOf(host, "lapsed")).length === 1);
    expect(await linesOf(host, "lapsed")).toEqual(["page"]);
  });

  test("after its server died the promise is kept as soon as anybody looks", async () => {
    const host = await launch(world());
    await host.setLease({ name: "hold", seconds: 0.5, onLapse: lapse() });
    await world().crash(host);
    await world().clock.sleep(600);
    await lapsed(() => host.leaseState("hold"));
    await eventually(world(), async () => (await linesOf(host, "lapsed")).length === 1);
  });
}
