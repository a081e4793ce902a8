/** Scan the logs of load balancers and applications since the switch, and compare with before it. */
import { z } from "zod";
import { whyMoreTrouble, whyWorse } from "../model/comparison.ts";
import { Problem } from "../model/problem.ts";
import { defineStep } from "../model/step.ts";
import { noteErrors } from "./note-errors.ts";
import { servers, slot } from "./parts/shapes.ts";
import { countTrouble, readMark } from "./parts/trouble.ts";
import { all } from "./parts/words.ts";

const LOOK_EVERY_MS = 1_000;

export const scanErrors = defineStep({
  name: "scan-errors",
  input: z.strictObject({
    loadBalancers: servers,
    slot,
    servers,
    pattern: z.string(),
    /** So long it is looked at. */
    soakMs: z.number(),
    errorsPercent: z.number(),
  }),
  undoable: "always",
  waits: true,
  says: ({ soakMs }) => `Watch the logs and the errors for ${soakMs / 1000} s and compare them with before the switch`,
  byHand: ({ loadBalancers, servers: names, pattern, soakMs }) => ({
    act: `For ${soakMs / 1000} s watch the logs of ${all(loadBalancers)} and ${all(names)} for lines that match ${pattern}, and the errors that the load balancers count.`,
    see: "There are no more of them per request than before the switch.",
    back: null,
  }),
  limitMs: ({ soakMs }) => soakMs + 90_000,
  async apply() {},
  async verify(context, { soakMs, errorsPercent, ...watched }) {
    const { clock } = context.world;
    const noted = await context.evidenceOf(noteErrors.name, { at: "switch" });
    if (!noted) {
      const why = "the numbers from before the switch are not in the journal";
      throw new Problem("step-failed", { what: "errors can't be compared", why, next: "changeover report" });
    }
    const before = { lines: Number(noted.lines), answers: Number(noted.answers), errors: Number(noted.errors) };
    const since = readMark(noted.mark);
    const look = async () => {
      const now = await countTrouble(context, watched, since);
      const bad =
        whyWorse(
          { ...before, latencyMs: null },
          { ...now, latencyMs: null },
          { errorsPercent, slowerTimes: 1, slowerMs: 0 },
        ) ?? whyMoreTrouble(before, now, errorsPercent);
      return { now, bad };
    };
    const began = clock.now();
    let seen = await look();
    await context.until(
      soakMs,
      async () => {
        seen = await look();
        return seen.bad !== null || clock.now() - began >= soakMs;
      },
      LOOK_EVERY_MS,
    );
    if (seen.bad !== null) {
      throw new Problem("unhealthy", {
        what: "there are more errors since the switch",
        why: seen.bad,
        next: "read the logs of the new servers, mend the release, then plan again",
      });
    }
    const { lines, answers, errors } = seen.now;
    return {
      lines,
      answers,
      errors,
      linesBefore: before.lines,
      answersBefore: before.answers,
      errorsBefore: before.errors,
    };
  },
});
