/** Clone the warm standby: a copy of the primary that follows it and is our way back. */
import { z } from "zod";
import { Problem } from "../model/problem.ts";
import { defineStep } from "../model/step.ts";
import { mayServe } from "./parts/may-serve.ts";
import { endpoint, serverRecord, servers, slot } from "./parts/shapes.ts";
import { one } from "./parts/words.ts";

export const launchStandby = defineStep({
  name: "launch-standby",
  input: z.strictObject({
    record: serverRecord,
    source: z.string(),
    sourceEndpoint: endpoint,
    withinMs: z.number(),
    copyMs: z.number(),
    /** Blue's endpoints, which lead to it once it was promoted; null when nobody serves yet. */
    serves: z.strictObject({ loadBalancers: servers, slot }).nullable(),
  }),
  undoable: "always",
  grows: true,
  says: ({ record, source }) => `Clone "${record.name}" from "${source}" as a replica that follows it`,
  byHand: ({ record, source }) => ({
    act: `Get a server ${one(record.name)} (${record.address}), fill it with a copy of ${one(source)} without stopping that one, and let it replicate from there; read-only, without scheduled backups.`,
    see: `It reaches the position that ${one(source)} has now. Compare positions, never seconds of lag.`,
    back: "Retire it.",
  }),
  limitMs: ({ withinMs, copyMs }) => withinMs + copyMs,
  async apply({ world }, { record, source }) {
    await world.provider.launch(record);
    const standby = await world.database(record.name);
    await standby.seedFrom(await world.database(source));
  },
  async verify({ world, until }, { record, source, withinMs }) {
    const [standby, primary] = [await world.database(record.name), await world.database(source)];
    const health = await until(5_000, async () => {
      const seen = await standby.health();
      return seen.replicating && !seen.writable ? seen : null;
    });
    const position = await primary.position();
    if (health && (await standby.awaitPosition(position, withinMs))) {
      return { following: health.following ?? "", position };
    }
    throw new Problem("step-failed", {
      what: `"${record.name}" does not follow "${source}"`,
      why: (await standby.health()).error ?? `it did not reach position ${position}`,
      next: "changeover status",
    });
  },
  async undo(context, { record, serves }) {
    const { provider } = context.world;
    const there = (await provider.find(record.environment, record.name)) !== null;
    if (!there) return;
    if (!(await mayServe(context, record, serves))) return provider.retire(record.environment, record.name);
    // Promoted by the way back of the migration: it is the primary now.
    await provider.relabel(record.environment, record.name, { ...record.labels, role: "primary" });
  },
});
