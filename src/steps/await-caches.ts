/** Wait until no cache can lead anybody to where a name led before; until then that place stays in service. */
import { z } from "zod";
import { addressList, inWords } from "../model/dns-name.ts";
import { Problem } from "../model/problem.ts";
import { defineStep, type StepContext } from "../model/step.ts";

export const awaitCaches = defineStep({
  name: "await-caches",
  input: z.strictObject({
    name: z.string(),
    /** Where it led before. */
    old: addressList,
    /** What its TTL was then, or what is left of a longer one before that. */
    seconds: z.int().min(0).max(86_400),
  }),
  undoable: "always",
  says: ({ name, old, seconds }) =>
    `Wait ${seconds} s, until caches have forgotten that ${name} led to ${inWords(old)}, which has to stay in service`,
  byHand: ({ name, old, seconds }) => ({
    act: `Wait ${seconds} s since ${name} was moved, and leave ${inWords(old)} in service.`,
    see: `No new requests for ${name} arrive at ${inWords(old)}.`,
    back: null,
  }),
  waits: true,
  limitMs: ({ seconds }) => seconds * 1000 + 60_000,
  async apply(context, input) {
    const { clock } = context.world;
    await clock.sleep(Math.max(0, (await until(context, input)) - clock.now()), context.signal);
  },
  async verify(context, input) {
    const end = await until(context, input);
    if (context.world.clock.now() >= end)
      return { name: input.name, old: inWords(input.old), cachesUntil: new Date(end).toISOString() };
    throw new Problem("step-failed", {
      what: `caches may still lead ${input.name} to ${inWords(input.old)}`,
      why: `they remember it until ${new Date(end).toISOString()}`,
      next: "changeover watch",
    });
  },
});

/** By when it was moved in this upgrade. */
async function until(
  { evidenceOf }: StepContext,
  { name, seconds }: { name: string; seconds: number },
): Promise<number> {
  const moved = await evidenceOf("move-name", { name });
  if (moved) return Date.parse(String(moved.cachesUntil)) + (seconds - Number(moved.cachesSeconds)) * 1000;
  throw new Problem("refused", {
    what: `there is nothing to wait for: ${name} was not moved in this upgrade`,
    why: "the journal has no step that did it",
    next: "changeover name list",
  });
}
