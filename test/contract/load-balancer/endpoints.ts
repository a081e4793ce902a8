/** The contract's part about endpoints: where a generation finds its database, and what a move does to those inside. */
import { expect, test } from "vitest";
import { inService, type Setting } from "./world.ts";

export function describeEndpoints(world: Setting): void {
  test("moving an endpoint cuts those that stand; the other slot notices nothing", async () => {
    const balancer = await inService(world());
    const [one, two] = [await world().database("db-2"), await world().database("db-3")];
    await balancer.setEndpoint("a", one);
    await balancer.setEndpoint("b", one);
    expect(await balancer.readEndpoint("a")).toEqual(one);
    const [standing, beside] = [await world().connect("a"), await world().connect("b")];
    expect([standing.reached, beside.reached]).toEqual(["db-2", "db-2"]);
    await balancer.setEndpoint("a", one);
    expect(await standing.stands()).toBe(true);
    await balancer.setEndpoint("a", two);
    expect([await standing.stands(), await beside.stands()]).toEqual([false, true]);
    expect([await balancer.readEndpoint("a"), await balancer.readEndpoint("b")]).toEqual([two, one]);
    const moved = await world().connect("a");
    expect(moved.reached).toBe("db-3");
    await balancer.setEndpoint("a", null);
    await balancer.setEndpoint("a", null);
    expect([await moved.stands(), await beside.stands()]).toEqual([false, true]);
    expect(await balancer.readEndpoint("a")).toBeNull();
    expect((await world().connect("a")).reached).toBeNull();
    await beside.end();
  });
}
