/** Run the decommission scripts of servers that are to be retired; none of them keeps a server from going. */
import { z } from "zod";
import { Problem } from "../model/problem.ts";
import { defineStep, type Evidence, type StepContext } from "../model/step.ts";
import { decommission, decommissionedOn, inEvidence } from "./parts/decommission.ts";
import { each } from "./parts/each.ts";
import { servers } from "./parts/shapes.ts";
import { all } from "./parts/words.ts";

const input = z.strictObject({
  servers,
  /** The longest window of theirs. */
  seconds: z.number(),
});
type Input = z.infer<typeof input>;

const acting = {
  input,
  says: ({ servers: names, seconds }: Input) =>
    `Run the decommission scripts on ${all(names)}, at most ${seconds} s each`,
  byHand: ({ servers: names, seconds }: Input) => ({
    act: `On each of ${all(names)} run the decommission scripts of its template, in order, at most ${seconds} s together. Go on where one fails.`,
    see: "Each script has had its try, or the time is over.",
    back: null,
  }),
  limitMs: ({ seconds }: Input) => seconds * 1000 + 120_000,
  async apply(context: StepContext, { servers: names }: Input): Promise<void> {
    await each(names, (name) => decommission(context, name));
  },
  async verify(context: StepContext, { servers: names }: Input): Promise<Evidence> {
    const seen = await each(names, async (name) => ({ name, told: await decommissionedOn(context, name) }));
    const open = seen.filter(({ told }) => told === null);
    if (open.length === 0) return inEvidence(seen.flatMap(({ told }) => told ?? []));
    throw new Problem("step-failed", {
      what: "decommission scripts are not over",
      why: `on ${open.map(({ name }) => name).join(", ")}`,
      next: "changeover status",
    });
  },
};

/** For servers that served: from here on there is no going back to them. */
export const decommissionServer = defineStep({ ...acting, name: "decommission-server", undoable: "never" });

/** For one that never served: the way back stays what it is. */
export const decommissionSpare = defineStep({ ...acting, name: "decommission-spare", undoable: "always" });
