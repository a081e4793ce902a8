/** Note where logs and counters stand, so that what comes after a switch can be compared with what was before it. */
import { z } from "zod";
import { defineStep, type Evidence } from "../model/step.ts";
import { servers, slot } from "./parts/shapes.ts";
import { countTrouble, readMark } from "./parts/trouble.ts";
import { all } from "./parts/words.ts";

export const noteErrors = defineStep({
  name: "note-errors",
  input: z.strictObject({
    loadBalancers: servers,
    /** Who serves now. */
    old: z.strictObject({ slot, servers }),
    /** `switch`: also who is to serve then, whose errors count from here on. */
    when: z.discriminatedUnion("at", [
      z.strictObject({ at: z.literal("beginning") }),
      z.strictObject({ at: z.literal("switch"), slot, servers }),
    ]),
    /** Of lines that tell of trouble. */
    pattern: z.string(),
  }),
  undoable: "always",
  says: ({ when }) =>
    when.at === "beginning"
      ? "Note where the logs and the counters of errors stand"
      : "Note how many errors there were until the switch",
  byHand: ({ loadBalancers, old, when, pattern }) => ({
    act: `Note the last line of the logs of ${all(loadBalancers)} and ${all(when.at === "switch" ? when.servers : old.servers)}${when.at === "switch" ? `, and count what matches ${pattern} since the beginning` : ""}; note the answers and errors that the load balancers have counted.`,
    see: "The numbers are written down.",
    back: null,
  }),
  limitMs: () => 60_000,
  async apply() {},
  async verify(context, { loadBalancers, old, when, pattern }): Promise<Evidence> {
    const watched = { loadBalancers, pattern, ...old };
    if (when.at === "beginning") {
      const { mark } = await countTrouble(context, watched, null);
      return { at: when.at, mark: JSON.stringify(mark) };
    }
    const noted = await context.evidenceOf(noteErrors.name, { at: "beginning" });
    const before = await countTrouble(context, watched, noted && readMark(noted.mark));
    const after = await countTrouble(context, { loadBalancers, pattern, ...when }, null);
    return {
      at: when.at,
      lines: before.lines,
      answers: before.answers,
      errors: before.errors,
      mark: JSON.stringify(after.mark),
    };
  },
});
