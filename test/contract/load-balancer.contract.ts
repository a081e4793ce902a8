/** The load balancer contract as tests, which build on each other: whoever provides load balancers passes them all. */
import { afterAll, beforeAll, describe } from "vitest";
import { describeAddresses } from "./load-balancer/addresses.ts";
import { describeConnections } from "./load-balancer/connections.ts";
import { describeEndpoints } from "./load-balancer/endpoints.ts";
import { describeGate } from "./load-balancer/gate.ts";
import { describeBirth, describeDeath } from "./load-balancer/life.ts";
import { describeMembers } from "./load-balancer/members.ts";
import { describeShare } from "./load-balancer/share.ts";
import type { LoadBalancerWorld } from "./load-balancer/world.ts";

export function describeLoadBalancerContract(name: string, makeWorld: () => Promise<LoadBalancerWorld>): void {
  describe(`load balancers of the ${name} world`, () => {
    let made: LoadBalancerWorld | null = null;
    const world = (): LoadBalancerWorld => {
      if (!made) throw new Error("the world was not made");
      return made;
    };
    beforeAll(async () => {
      made = await makeWorld();
    });
    afterAll(() => made?.close());
    describe("birth", () => describeBirth(world));
    describe("routes and members", () => describeMembers(world));
    describe("share of the other slot", () => describeShare(world));
    describe("page and hold", () => describeGate(world));
    describe("connections", () => describeConnections(world));
    describe("addresses", () => describeAddresses(world));
    describe("endpoints", () => describeEndpoints(world));
    describe("death", () => describeDeath(world));
  });
}
