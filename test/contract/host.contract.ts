/** The host contract as tests: whoever provides servers passes them all. */
import { afterAll, afterEach, beforeAll, describe } from "vitest";
import { describeCommands, describeFiles } from "./host/files.ts";
import { describeJobs } from "./host/jobs.ts";
import { describeLeases } from "./host/leases.ts";
import { describeLines } from "./host/lines.ts";
import { describeServers } from "./host/servers.ts";
import { describeServices } from "./host/services.ts";
import { describeTokens } from "./host/tokens.ts";
import type { HostWorld } from "./host/world.ts";

const PARTS = {
  commands: describeCommands,
  files: describeFiles,
  jobs: describeJobs,
  services: describeServices,
  lines: describeLines,
  leases: describeLeases,
  tokens: describeTokens,
  servers: describeServers,
};
type Part = keyof typeof PARTS;

export const EVERY_PART = Object.keys(PARTS) as Part[];

export function describeHostContract(
  name: string,
  makeWorld: () => Promise<HostWorld>,
  parts: readonly Part[] = EVERY_PART,
): void {
  describe(`hosts of the ${name} provider`, () => {
    let made: HostWorld | null = null;
    const world = (): HostWorld => {
      if (!made) throw new Error("the world was not made");
      return made;
    };
    beforeAll(async () => {
      made = await makeWorld();
    });
    afterEach(() => made?.rest?.());
    afterAll(() => made?.close());
    for (const part of parts) describe(part, () => PARTS[part](world));
  });
}
