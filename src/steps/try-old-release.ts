/** Try the old release on the migrated copy: what fails there says why this upgrade is a major one, or that it is none. */
import { z } from "zod";
import { Problem } from "../model/problem.ts";
import { hasAnswered } from "../model/http-check.ts";
import { defineStep } from "../model/step.ts";
import { missesOn } from "./parts/asking.ts";
import { addLabels, dropLabel, OLD_RELEASE_NOTE, recordOf } from "./parts/records.ts";
import { checks } from "./parts/shapes.ts";
import { one } from "./parts/words.ts";

const STEADY_MS = 1_000;
/** A label is one line of a file, not a log. */
const NOTE_LENGTH = 300;

export const tryOldRelease = defineStep({
  name: "try-old-release",
  input: z.strictObject({
    server: z.string(),
    release: z.string(),
    good: checks,
    healthyMs: z.number(),
    graceMs: z.number(),
  }),
  undoable: "always",
  says: ({ release, server }) => `Try the old release ${release} on the migrated copy, from "${server}"`,
  byHand: ({ server, release }) => ({
    act: `On ${one(server)} start web of the old release ${release} against the migrated copy, run every check, stop it.`,
    see: "Write down what fails: it says why the page is needed. If nothing fails, ask whether this has to be a major upgrade.",
    back: "Stop it if it still runs.",
  }),
  limitMs: ({ healthyMs, graceMs }) => healthyMs + 2 * graceMs + 120_000,
  async apply(context, { server, good, healthyMs, graceMs }) {
    const application = await context.world.application(server);
    await application.start("web");
    let missed: string | null = null;
    let answeredAt: number | null = null;
    const { clock } = context.world;
    await context.until(healthyMs, async () => {
      missed = await missesOn(context, application, good);
      if (missed !== null && hasAnswered(missed)) answeredAt ??= clock.now();
      // Who answers wrongly for a while is up, and wrong.
      return missed === null || (answeredAt !== null && clock.now() - answeredAt >= STEADY_MS);
    });
    await application.stop("web", graceMs);
    const note = missed === null ? "all checks hold" : `fails: ${missed}`;
    await addLabels(context, server, { [OLD_RELEASE_NOTE]: context.world.redact(note).slice(0, NOTE_LENGTH) });
  },
  /** Whatever was found is an answer; only having found nothing is none. */
  async verify(context, { server }) {
    const found = (await recordOf(context, server)).labels[OLD_RELEASE_NOTE];
    const { state } = await (await context.world.application(server)).state("web");
    if (found && (state === "stopped" || state === "absent")) return { oldReleaseOnNewSchema: found };
    throw new Problem("step-failed", {
      what: "the old release was not tried on the migrated copy",
      why: found ? `its web is ${state}` : "nothing was found out",
      next: "changeover status, then plan again",
    });
  },
  async undo(context, { server, graceMs }) {
    const there = (await context.world.provider.find(context.world.environment, server)) !== null;
    if (!there) return;
    await (await context.world.application(server)).stop("web", graceMs);
    await dropLabel(context, server, OLD_RELEASE_NOTE);
  },
});
