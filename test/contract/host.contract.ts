/** The host contract as tests: whoever provides servers passes them all. */
import { afterAll, beforeAll, describe } from "vitest";
import { describeCommands, describeFiles } from "./host/files.ts";
import { describeJobs } from "./host/jobs.ts";
import { describeLeases } from "./host/leases.ts";
import { describeLines } from "./host/lines.ts";
import { describeServers } from "./host/servers.ts";
import { describeServices } from "./host/services.ts";
import { describeTokens } from "./host/tokens.ts";
import type { HostWorld } from "./host/world.ts";

export function describeHostContract(name: string, makeWorld: () => Promise<HostWorld>): void {
  describe(`hosts of the ${name} provider`, () => {
    let made: HostWorld | null = null;
    const world = (): HostWorld => {
      if (!made) throw new Error("the world was not made");
      return made;
    };
    beforeAll(async () => {
      made = await makeWorld();
    });
    afterAll(() => made?.close());
    describe("commands", () => describeCommands(world));
    describe("files", () => describeFiles(world));
    describe("jobs", () => describeJobs(world));
    describe("services", () => describeServices(world));
    describe("lines of logs", () => describeLines(world));
    describe("leases", () => describeLeases(world));
    describe("tokens", () => describeTokens(world));
    describe("servers", () => describeServers(world));
  });
}
