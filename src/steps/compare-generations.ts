/** Compare old and new while both serve: the new release gets no larger share of the public unless it does as well. */
import { z } from "zod";
import { type Sample, whyWorse } from "../model/comparison.ts";
import { Problem } from "../model/problem.ts";
import { defineStep, type StepContext } from "../model/step.ts";
import { otherSlot, type Slot } from "../model/load-balancer.ts";
import { each } from "./parts/each.ts";
import { servers, slot } from "./parts/shapes.ts";
import { all } from "./parts/words.ts";

const LOOK_EVERY_MS = 500;

export const compareGenerations = defineStep({
  name: "compare-generations",
  input: z.strictObject({
    loadBalancers: servers,
    /** The new release's. */
    slot,
    percent: z.number(),
    soakMs: z.number(),
    /** Until it has given enough answers. */
    waitMs: z.number(),
    /** 0: nobody is there to ask, as on a clone. */
    samples: z.int().min(0),
    errorsPercent: z.number(),
    slowerTimes: z.number(),
    slowerMs: z.number(),
  }),
  undoable: "always",
  waits: true,
  says: ({ soakMs, samples, percent }) =>
    `Compare errors and latency of old and new at ${percent} % for ${soakMs / 1000} s and ${samples} answers`,
  byHand: ({ loadBalancers, slot: which, soakMs, samples, errorsPercent, slowerTimes, slowerMs }) => ({
    act: `On ${all(loadBalancers)} compare what pool ${which} and pool ${otherSlot(which)} answer for ${soakMs / 1000} s, until pool ${which} has given ${samples} answers.`,
    see: `Pool ${which} has at most ${errorsPercent} more errors per hundred answers, and takes at most ${slowerTimes} times as long and ${slowerMs} ms.`,
    back: null,
  }),
  limitMs: ({ waitMs }) => waitMs + 60_000,
  async apply() {},
  async verify(context, { loadBalancers, slot: which, soakMs, waitMs, samples, ...tolerance }) {
    const { clock } = context.world;
    const count = async () => ({
      old: await sampleOf(context, loadBalancers, otherSlot(which)),
      now: await sampleOf(context, loadBalancers, which),
    });
    const [first, began] = [await count(), clock.now()];
    const since = async () => {
      const { old, now } = await count();
      return { old: less(old, first.old), now: less(now, first.now) };
    };
    let seen = await since();
    const bad = () => (seen.now.answers < samples ? null : whyWorse(seen.old, seen.now, tolerance));
    const judged = await context.until(
      waitMs,
      async () => {
        seen = await since();
        return bad() !== null || (clock.now() - began >= soakMs && seen.now.answers >= samples);
      },
      LOOK_EVERY_MS,
    );
    const worse = bad();
    if (worse !== null) {
      const next = "mend the release, then plan again";
      throw new Problem("unhealthy", { what: "the new release does worse than the old one", why: worse, next });
    }
    if (!judged) {
      throw new Problem("timed-out", {
        what: "nobody can say whether the new release does as well as the old one",
        why: `it gave ${seen.now.answers} answers in ${waitMs / 1000} s, and ${samples} are asked for`,
        next: "lower minor.samples, or give it larger minor.shares, then plan again",
      });
    }
    return { ...facts("old", seen.old), ...facts("new", seen.now) };
  },
});

async function sampleOf({ world }: StepContext, loadBalancers: string[], which: Slot): Promise<Sample> {
  const seen = (await each(loadBalancers, async (name) => (await world.loadBalancer(name)).answers(which))).flat();
  const total = (of: (one: (typeof seen)[number]) => number): number => seen.reduce((sum, one) => sum + of(one), 0);
  const timed = seen.filter(({ latencyMs }) => latencyMs !== null);
  const weight = timed.reduce((sum, { answers }) => sum + answers, 0);
  return {
    answers: total(({ answers }) => answers),
    errors: total(({ errors }) => errors),
    latencyMs: weight === 0 ? null : timed.reduce((sum, one) => sum + (one.latencyMs ?? 0) * one.answers, 0) / weight,
  };
}

/** The latency is of the last answers and needs no beginning; a load balancer that was started again counts from 0. */
const less = (now: Sample, first: Sample): Sample => ({
  answers: now.answers < first.answers ? now.answers : now.answers - first.answers,
  errors: now.errors < first.errors ? now.errors : now.errors - first.errors,
  latencyMs: now.latencyMs,
});

const facts = (whose: "old" | "new", { answers, errors, latencyMs }: Sample) => ({
  [`${whose}Answers`]: answers,
  [`${whose}Errors`]: errors,
  ...(latencyMs === null ? {} : { [`${whose}Ms`]: Math.round(latencyMs) }),
});
