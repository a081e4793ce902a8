/** After another server took over: one primary, one replica of it in sync, the old one stopped and kept for diagnosis. */
import { z } from "zod";
import { Problem } from "../model/problem.ts";
import { defineStep, type StepContext } from "../model/step.ts";
import { followAgain } from "./parts/follow-again.ts";
import { endpoint, slot } from "./parts/shapes.ts";
import { one } from "./parts/words.ts";

const input = z.strictObject({
  loadBalancer: z.string(),
  /** Blue's slot: whoever its endpoint leads to is the primary. */
  slot,
  primary: z.string(),
  primaryEndpoint: endpoint,
  standby: z.string(),
  standbyEndpoint: endpoint,
  replica: z.string(),
  withinMs: z.number(),
  copyMs: z.number(),
});
type Input = z.infer<typeof input>;

export const restoreRedundancy = defineStep({
  name: "restore-redundancy",
  input,
  undoable: "never",
  grows: true,
  says: ({ replica }) => `Make "${replica}" a replica of the primary that serves now, in sync`,
  byHand: ({ replica, primary }) => ({
    act: `Let ${one(replica)} replicate from whichever server serves now, with a new copy if need be. If that is not ${one(primary)} any more, stop ${one(primary)} and keep it for diagnosis.`,
    see: "The replica reaches the position of the primary that serves.",
    back: null,
  }),
  limitMs: ({ withinMs, copyMs }) => withinMs + copyMs,
  async apply(context, input) {
    const { world } = context;
    const now = await primaryNow(context, input);
    const replica = await world.database(input.replica);
    if (now.name === input.primary) await followAgain(replica, input.primaryEndpoint).catch(() => {});
    const seen = await replica.health();
    if (seen.following !== now.endpoint.address || !seen.replicating || !seen.bootsFollowing) {
      await replica.seedFrom(await world.database(now.name));
    }
    if (now.name === input.primary) return;
    await callPrimary(context, now.name);
    // Half or wholly migrated, or replaced by a backup: nobody may use it, somebody will want to look at it.
    await (await world.database(input.primary)).stop();
    const record = await world.provider.find(world.environment, input.primary);
    if (record && !record.labels.kept) {
      const labels = { ...record.labels, kept: `diagnosis of ${context.upgrade}` };
      await world.provider.relabel(world.environment, input.primary, labels);
    }
  },
  async verify(context, input) {
    const { world } = context;
    const now = await primaryNow(context, input);
    const [primary, replica] = [await world.database(now.name), await world.database(input.replica)];
    const position = await primary.position();
    const inSync = await replica.awaitPosition(position, input.withinMs);
    const [above, below] = [await primary.health(), await replica.health()];
    if (now.name === input.standby) await mustBePutAside(context, input.primary);
    if (above.writable && inSync && below.replicating && !below.writable && below.following === now.endpoint.address) {
      return { primary: now.name, replica: input.replica, position };
    }
    throw new Problem("step-failed", {
      what: `"${input.replica}" is not a replica of "${now.name}" in sync`,
      why: below.error ?? (above.writable ? `position ${position} was not reached` : `"${now.name}" takes no writes`),
      next: "changeover status, then: changeover rollback",
    });
  },
});

/** A standby or a restored copy that serves now is what the next plan has to find as the primary. */
async function callPrimary({ world }: StepContext, server: string): Promise<void> {
  const record = await world.provider.find(world.environment, server);
  if (!record || record.labels.role === "primary") return;
  await world.provider.relabel(world.environment, server, { ...record.labels, role: "primary" });
}

/** The failed server must not be taken for a replica by the next upgrade. */
async function mustBePutAside({ world }: StepContext, server: string): Promise<void> {
  const record = await world.provider.find(world.environment, server);
  const { running } = await (await world.database(server)).health();
  if (record?.labels.kept && !running) return;
  throw new Problem("step-failed", {
    what: `the failed primary "${server}" is not put aside`,
    why: running ? "its database still runs" : "its server is not marked as kept for diagnosis",
    next: "changeover status, then: changeover rollback",
  });
}

async function primaryNow({ world }: StepContext, input: Input) {
  const seen = await (await world.loadBalancer(input.loadBalancer)).readEndpoint(input.slot);
  return seen?.address === input.standbyEndpoint.address
    ? { name: input.standby, endpoint: input.standbyEndpoint }
    : { name: input.primary, endpoint: input.primaryEndpoint };
}
