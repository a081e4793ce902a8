/** Bring the standby to the fenced primary's exact position; positions are compared, never seconds. */
import { z } from "zod";
import { Problem } from "../model/problem.ts";
import { defineStep } from "../model/step.ts";
import { one } from "./parts/words.ts";

export const syncStandby = defineStep({
  name: "sync-standby",
  input: z.strictObject({ primary: z.string(), standby: z.string(), withinMs: z.number() }),
  undoable: "always",
  says: ({ primary, standby }) => `Bring "${standby}" to the position of "${primary}"`,
  byHand: ({ standby, primary }) => ({
    act: `Wait until ${one(standby)} has applied everything.`,
    see: `Its position equals that of ${one(primary)}, which is fenced. Zero seconds of lag is no proof.`,
    back: null,
  }),
  limitMs: ({ withinMs }) => withinMs + 10_000,
  async apply({ world }, { primary, standby, withinMs }) {
    const position = await (await world.database(primary)).position();
    await (await world.database(standby)).awaitPosition(position, withinMs);
  },
  async verify({ world }, { primary, standby }) {
    const [wanted, seen] = [
      await (await world.database(primary)).position(),
      await (await world.database(standby)).position(),
    ];
    if (wanted === seen) return { position: seen };
    throw new Problem("timed-out", {
      what: `"${standby}" is not in sync with "${primary}"`,
      why: `it stands at ${seen}, the primary at ${wanted}`,
      next: "wait until it has caught up (changeover status), then plan again",
    });
  },
});
