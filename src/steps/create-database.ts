/** Create the environment's first, empty database server; it stays fenced until it is opened. */
import { z } from "zod";
import { Problem } from "../model/problem.ts";
import { defineStep } from "../model/step.ts";
import { one } from "./parts/words.ts";

export const createDatabase = defineStep({
  name: "create-database",
  input: z.strictObject({
    server: z.string(),
    settings: z.strictObject({ name: z.string(), user: z.string(), port: z.number() }),
    serverId: z.number(),
  }),
  undoable: "always",
  says: ({ server, settings }) => `Create the empty database "${settings.name}" on "${server}"`,
  byHand: ({ server, settings }) => ({
    act: `On ${one(server)} install an empty database server on port ${settings.port} with the database ${settings.name}, its account ${settings.user}, one for migrations and one for replication; read-only.`,
    see: "It answers and refuses writes.",
    back: null,
  }),
  limitMs: () => 120_000,
  async apply({ world }, { server, settings, serverId }) {
    const database = await world.database(server);
    await database.create(settings, serverId);
    await database.start();
  },
  async verify({ world }, { server }) {
    const database = await world.database(server);
    const health = await database.health();
    if (health.running) return { writable: health.writable, position: await database.position() };
    throw new Problem("step-failed", {
      what: `the database on "${server}" does not run`,
      why: health.error ?? "it did not answer",
      next: "changeover doctor",
    });
  },
});
