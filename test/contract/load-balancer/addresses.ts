/** The contract's part about floating addresses: connections by one can be sent away, and testers see who answers. */
import { expect, test } from "vitest";
import { ANSWERED_BY } from "../../../src/model/load-balancer.ts";
import { problemOf } from "../host/world.ts";
import { inService, settings, type Setting } from "./world.ts";

export function describeAddresses(world: Setting): void {
  test("on the isolated host name each answer says which load balancer gave it, on the public one none does", async () => {
    const balancer = await inService(world());
    const ask = async (host: string) => (await world().ask({ host }))?.headers[ANSWERED_BY];
    expect(await ask(settings.hosts.test)).toBe(balancer.name);
    expect(await ask(settings.hosts.public)).toBeUndefined();
    await balancer.setRoute("test", null);
    expect(await ask(settings.hosts.test)).toBe(balancer.name);
  });

  test("every answer by an address that is given up ends its connection: the application's, the page, the load balancer's own", async () => {
    const balancer = await inService(world());
    const closes = async (host?: string) => {
      const answer = await world().ask({ keepAlive: true, ...(host === undefined ? {} : { host }) });
      expect(answer).not.toBeNull();
      return answer?.headers.connection === "close";
    };
    expect(await balancer.readClosing(balancer.address)).toBe(false);
    expect(await closes()).toBe(false);
    await balancer.setClosing("10.255.0.1", true);
    expect(await closes()).toBe(false);
    await balancer.setClosing(balancer.address, true);
    await balancer.setClosing(balancer.address, true);
    expect(await balancer.readClosing(balancer.address)).toBe(true);
    expect([await closes(), await closes("nobody.example")]).toEqual([true, true]);
    await balancer.setMaintenance(true);
    expect(await closes()).toBe(true);
    await balancer.setMaintenance(false);
    await balancer.setClosing(balancer.address, false);
    expect([await balancer.readClosing(balancer.address), await closes()]).toEqual([false, false]);
    expect(await problemOf(balancer.setClosing("www.example", true))).toBe("bad-input");
  });
}
