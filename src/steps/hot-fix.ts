/** Run a hot-fix: a script that a person gave at a gate, as a job on the new servers, once. */
import { createHash } from "node:crypto";
import { z } from "zod";
import { Problem } from "../model/problem.ts";
import { defineStep, type StepContext } from "../model/step.ts";
import { each } from "./parts/each.ts";
import { endpoint, servers } from "./parts/shapes.ts";
import { all } from "./parts/words.ts";

export const hotFix = defineStep({
  name: "hot-fix",
  input: z.strictObject({
    number: z.number(),
    script: z.string().min(1),
    account: z.enum(["application", "migration"]),
    servers,
    /** Straight to the database for a fix of the schema; null: through the generation's endpoint. */
    database: endpoint.nullable(),
    limitMs: z.number(),
  }),
  undoable: "until-writes",
  says: ({ number, script, account, servers: names }) =>
    `Run hot-fix ${number} (${sha(script)}) as the ${account} on ${names.map((name) => `"${name}"`).join(", ")}`,
  byHand: ({ servers: names, account, script }) => ({
    act: `On ${all(names)}, in the release's folder, run as the ${account}: ${script}`,
    see: "It ends with 0 on each of them.",
    back: "End it if it still runs.",
  }),
  limitMs: ({ limitMs }) => limitMs + 30_000,
  async apply(context, { number, script, account, servers: names, database, limitMs }) {
    await each(names, async (name) => {
      const application = await context.world.application(name);
      const id = fixJob(context, number);
      await application.startTask({ id, command: script, account, database, inputs: {}, timeoutMs: limitMs });
      await context.until(limitMs + 10_000, async () => (await application.task(id)).state !== "running", 100);
    });
  },
  async verify(context, { number, servers: names }) {
    for (const name of names) {
      const job = await (await context.world.application(name)).task(fixJob(context, number));
      if (job.state === "done" && job.code === 0) continue;
      const ended = job.state === "done" ? `exit ${job.code}${job.timedOut ? ", its time was over" : ""}` : job.state;
      throw new Problem("step-failed", {
        what: `hot-fix ${number} failed on "${name}"`,
        why: `${ended}: ${"output" in job ? job.output.trim().slice(-500) : "nothing was printed"}`,
        next: "changeover fix with another script, or: changeover deny",
      });
    }
    return { servers: names.length, exit: 0 };
  },
  /** What it changed goes with the new servers and the migrated database; only that it still runs has to be ended. */
  async undo(context, { number, servers: names }) {
    await each(names, async (name) => (await context.world.application(name)).cancelTask(fixJob(context, number)));
  },
});

const fixJob = ({ upgrade }: StepContext, number: number): string => `fix-${number}-${upgrade}`;

const sha = (script: string): string => createHash("sha256").update(script).digest("hex").slice(0, 12);
