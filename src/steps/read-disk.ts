/** Read how much disk every server takes; put where old and new stand side by side, because that is the most it comes to. */
import { z } from "zod";
import { defineStep } from "../model/step.ts";

export const readDisk = defineStep({
  name: "read-disk",
  input: z.strictObject({}),
  undoable: "always",
  says: () => "Read how much disk the servers take, old and new together",
  byHand: () => ({
    act: "Write down how much disk the folder of every server takes.",
    see: "The numbers are written down.",
    back: null,
  }),
  limitMs: () => 300_000,
  async apply() {},
  async verify({ world }) {
    const servers = await world.provider.list(world.environment);
    // Nobody's upgrade gets stuck because a sum can't be told.
    const used = await Promise.all(servers.map(({ name }) => world.diskUse(name).catch(() => null)));
    const known = used.filter((bytes) => bytes !== null);
    return {
      bytes: known.reduce((sum, bytes) => sum + bytes, 0),
      servers: known.length,
      unread: used.length - known.length,
    };
  },
});
