/** Clone the warm standby: a copy of the primary that follows it and is our way back. */
import { z } from "zod";
import { Problem } from "../model/problem.ts";
import { defineStep } from "../model/step.ts";
import { endpoint, serverRecord } from "./parts/shapes.ts";

export const launchStandby = defineStep({
  name: "launch-standby",
  input: z.strictObject({ record: serverRecord, source: z.string(), sourceEndpoint: endpoint, withinMs: z.number() }),
  undoable: "always",
  says: ({ record, source }) => `Clone "${record.name}" from "${source}" as a replica that follows it`,
  limitMs: ({ withinMs }) => withinMs + 300_000,
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
  async undo({ world }, { record }) {
    const there = (await world.provider.list(record.environment)).some(({ name }) => name === record.name);
    if (!there) return;
    const health = await (await world.database(record.name)).health();
    // Promoted by the way back of the migration: it is the primary now.
    if (health.writable)
      return world.provider.relabel(record.environment, record.name, { ...record.labels, role: "primary" });
    await world.provider.retire(record.environment, record.name);
  },
});
