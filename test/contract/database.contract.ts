/** The database contract as tests, which build on each other: whoever provides databases passes them all. */
import { afterAll, beforeAll, describe } from "vitest";
import { describeBackups } from "./database/backups.ts";
import { describeCopies } from "./database/copies.ts";
import { describeFence } from "./database/fence.ts";
import { describeSwitches } from "./database/switches.ts";
import { describeTables } from "./database/tables.ts";
import type { DatabaseWorld } from "./database/world.ts";

export function describeDatabaseContract(name: string, makeWorld: () => Promise<DatabaseWorld>): void {
  describe(`databases of the ${name} world`, () => {
    let made: DatabaseWorld | null = null;
    const world = (): DatabaseWorld => {
      if (!made) throw new Error("the world was not made");
      return made;
    };
    beforeAll(async () => {
      made = await makeWorld();
    });
    afterAll(() => made?.close());
    describe("one server", () => describeFence(world));
    describe("tables", () => describeTables(world));
    describe("copies", () => describeCopies(world));
    describe("backups", () => describeBackups(world));
    describe("switches", () => describeSwitches(world));
  });
}
