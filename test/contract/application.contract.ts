/** The application contract as tests: whoever provides application servers passes them all. */
import { afterAll, beforeAll, describe } from "vitest";
import { describeInstalling } from "./application/install.ts";
import { describeRoles } from "./application/roles.ts";
import { describeTasks } from "./application/tasks.ts";
import type { ApplicationWorld } from "./application/world.ts";

export function describeApplicationContract(name: string, makeWorld: () => Promise<ApplicationWorld>): void {
  describe(`applications of the ${name} world`, () => {
    let made: ApplicationWorld | null = null;
    const world = (): ApplicationWorld => {
      if (!made) throw new Error("the world was not made");
      return made;
    };
    beforeAll(async () => {
      made = await makeWorld();
    });
    afterAll(() => made?.close());
    describe("installing", () => describeInstalling(world));
    describe("roles and probes", () => describeRoles(world));
    describe("tasks and checks", () => describeTasks(world));
  });
}
