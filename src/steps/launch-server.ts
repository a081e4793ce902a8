/** Launch a server: an address and a place to run things, not yet doing anything. */
import { z } from "zod";
import { besideOf } from "../model/provider.ts";
import { Problem } from "../model/problem.ts";
import { defineStep } from "../model/step.ts";
import { serverRecord } from "./parts/shapes.ts";
import { one } from "./parts/words.ts";

export const launchServer = defineStep({
  name: "launch-server",
  input: z.strictObject({
    record: serverRecord,
    ports: z.array(z.number()),
    /** What the way back does with it: retire it, or stop it and keep it for diagnosis. */
    onUndo: z.enum(["retire", "keep"]),
  }),
  undoable: "always",
  says: ({ record }) =>
    record.labels.clonedFrom ? `Clone "${record.name}" from "${record.labels.clonedFrom}"` : `Launch "${record.name}"`,
  byHand: ({ record }) => ({
    act: `Get a server ${one(record.name)} with the address ${record.address}${record.labels.clonedFrom ? `, configured like ${one(record.labels.clonedFrom)}` : ""}. Start nothing on it.`,
    see: "It can be reached, and nothing listens on its ports.",
    back: "Stop it; keep it for diagnosis or retire it.",
  }),
  limitMs: () => 60_000,
  async check({ world }, { record, ports }) {
    if ((await world.provider.find(record.environment, record.name)) !== null) return;
    const taken = await world.provider.addressTaken(record.address, ports, besideOf(record));
    if (taken === null) return;
    throw new Problem("refused", {
      what: `"${record.name}" can't have ${record.address}`,
      why: taken,
      next: "end what listens there or choose another port in the environment file, then run the command again",
    });
  },
  async apply({ world }, { record }) {
    await world.provider.launch(record);
  },
  async verify({ world }, { record }) {
    const host = await world.provider.open(record.environment, record.name);
    return { address: host.address, hostClockMs: await host.readClock() };
  },
  async undo({ world, upgrade }, { record, onUndo }) {
    const there = await world.provider.find(record.environment, record.name);
    if (!there) return;
    if (onUndo === "retire") return world.provider.retire(record.environment, record.name);
    await world.provider.relabel(record.environment, record.name, {
      ...there.labels,
      kept: `diagnosis of ${upgrade}`,
    });
  },
});
