/** Say that a stranded server is operational, on the word of a person who mended it. */
import { z } from "zod";
import { Problem } from "../model/problem.ts";
import { defineStep } from "../model/step.ts";
import { LABEL, seenTemplate } from "../model/template/server-state.ts";
import { addLabels, dropLabel, recordOf } from "./parts/records.ts";
import { setState } from "./parts/template-state.ts";
import { launchOn, templateOn } from "./parts/template-tree.ts";
import { one } from "./parts/words.ts";

export const forceOperational = defineStep({
  name: "force-operational",
  input: z.strictObject({
    server: z.string(),
    by: z.string(),
    /** As it was stranded: so that the way back says the same again. */
    stranded: z.strictObject({ at: z.string(), why: z.string() }),
    /** Why it was kept, which ends with this; null where it stays kept, or never was. */
    drops: z.string().nullable(),
  }),
  undoable: "always",
  says: ({ server, by, stranded }) =>
    `Say that "${server}", stranded at ${stranded.at}, is operational, on the word of ${by}`,
  byHand: ({ server, stranded }) => ({
    act: `Do on ${one(server)} by hand what is missing since ${stranded.at}, and say that it is operational.`,
    see: "It has what its boot scripts would have given it.",
    back: "Say that it is stranded.",
  }),
  limitMs: () => 60_000,
  async check(context, { server }) {
    const { environment } = context.world;
    const seen = seenTemplate(await recordOf(context, server));
    const host = await context.world.host(server);
    const there = (await templateOn(host)) !== null && (await launchOn(host)) !== null;
    if (seen?.state === "stranded" && there) return;
    throw new Problem("refused", {
      what: `"${server}" can't be said to be operational`,
      why: there || !seen ? `it is ${seen?.state ?? "no server with a template"}` : "its template is not on it",
      next: `changeover script list ${environment}`,
    });
  },
  async apply(context, { server, by, drops }) {
    if (seenTemplate(await recordOf(context, server))?.state !== "operational") {
      const now = String(context.world.clock.now());
      await setState(context, server, "operational", { [LABEL.forcedBy]: by, [LABEL.operationalAt]: now });
    }
    if (drops !== null) await dropLabel(context, server, "kept");
  },
  async verify(context, { server, by, drops }) {
    const record = await recordOf(context, server);
    const seen = seenTemplate(record);
    if (seen?.state === "operational" && seen.forcedBy === by && (drops === null || record.labels.kept === undefined)) {
      return { state: "operational", forcedBy: by };
    }
    throw new Problem("step-failed", {
      what: `"${server}" is not operational`,
      why: `it is ${seen?.state ?? "gone"}`,
      next: `changeover script list ${context.world.environment}`,
    });
  },
  async undo(context, { server, stranded, drops }) {
    const { world } = context;
    const record = (await world.provider.list(world.environment)).find(({ name }) => name === server);
    if (!record || !seenTemplate(record)?.forcedBy) return;
    await setState(context, server, "stranded", {
      [LABEL.strandedAt]: stranded.at,
      [LABEL.strandedWhy]: stranded.why,
    });
    if (drops !== null) await addLabels(context, server, { kept: drops });
  },
});
