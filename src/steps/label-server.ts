/** Write down on a server what it is for: its pool, or that it stands apart. */
import { z } from "zod";
import { Problem } from "../model/problem.ts";
import { defineStep, type StepContext } from "../model/step.ts";
import { one } from "./parts/words.ts";

const labels = z.record(z.string(), z.string());

export const labelServer = defineStep({
  name: "label-server",
  input: z.strictObject({
    server: z.string(),
    /** What is known of these labels before; a label that is not named stays. */
    before: labels,
    after: labels,
    /** What it means, as the end of a sentence. */
    means: z.string(),
  }),
  undoable: "always",
  says: ({ server, means }) => `Write on "${server}" that ${means}`,
  byHand: ({ server, means }) => ({
    act: `Note for ${one(server)} that ${means}.`,
    see: "Whoever looks at it finds the note.",
    back: "Take the note away again.",
  }),
  limitMs: () => 30_000,
  async apply(context, { server, before, after }) {
    await exchange(context, server, before, after);
  },
  async verify({ world }, { server, after }) {
    const record = (await world.provider.list(world.environment)).find(({ name }) => name === server);
    const wrong = Object.keys(after).filter((key) => record?.labels[key] !== after[key]);
    if (record && wrong.length === 0) return { server, ...after };
    throw new Problem("step-failed", {
      what: `"${server}" does not carry what was written on it`,
      why: record ? `missing: ${wrong.join(", ")}` : "there is no such server",
      next: `changeover status ${world.environment}`,
    });
  },
  async undo(context, { server, before, after }) {
    await exchange(context, server, after, before);
  },
});

async function exchange(
  { world }: StepContext,
  server: string,
  from: Record<string, string>,
  to: Record<string, string>,
): Promise<void> {
  const record = (await world.provider.list(world.environment)).find(({ name }) => name === server);
  if (!record) return;
  const kept = Object.entries(record.labels).filter(([key]) => !(key in from));
  await world.provider.relabel(world.environment, server, { ...Object.fromEntries(kept), ...to });
}
