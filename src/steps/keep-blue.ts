/** Keep the old servers for a while after the upgrade; the time is written on the servers themselves. */
import { z } from "zod";
import { Problem } from "../model/problem.ts";
import { defineStep, type StepContext } from "../model/step.ts";
import { servers } from "./parts/shapes.ts";
import { all } from "./parts/words.ts";

export const keepBlue = defineStep({
  name: "keep-blue",
  input: z.strictObject({ servers, seconds: z.number() }),
  undoable: "never",
  says: ({ servers: names, seconds }) => `Keep ${names.map((name) => `"${name}"`).join(", ")} for ${seconds} s`,
  byHand: ({ servers: names, seconds }) => ({
    act: `Leave ${all(names)} alone for ${seconds} s after reopening.`,
    see: "The time is over.",
    back: null,
  }),
  limitMs: ({ seconds }) => seconds * 1000 + 60_000,
  async apply(context, { servers: names, seconds }) {
    const { world } = context;
    for (const record of await blue(context, names)) {
      if (record.labels.keptUntil) continue;
      const keptUntil = String(world.clock.now() + seconds * 1000);
      await world.provider.relabel(record.environment, record.name, { ...record.labels, keptUntil });
    }
    await world.clock.sleep(Math.max(0, (await keptUntil(context, names)) - world.clock.now()), context.signal);
  },
  async verify(context, { servers: names }) {
    const until = await keptUntil(context, names);
    if (until > 0 && until <= context.world.clock.now()) return { keptUntil: new Date(until).toISOString() };
    throw new Problem("step-failed", {
      what: "the old servers are still to be kept",
      why: until > 0 ? `until ${new Date(until).toISOString()}` : "their time has not begun",
      next: "changeover status",
    });
  },
});

const blue = async ({ world }: StepContext, names: string[]) =>
  (await world.provider.list(world.environment)).filter(({ name }) => names.includes(name));

/** 0 when one of them has no time written on it yet. */
async function keptUntil(context: StepContext, names: string[]): Promise<number> {
  const times = (await blue(context, names)).map(({ labels }) => Number(labels.keptUntil ?? 0));
  return times.includes(0) ? 0 : Math.max(...times, 1);
}
