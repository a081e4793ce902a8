/** Run a script of its template on one server, when somebody asked for it; what it did there stays. */
import { z } from "zod";
import { inputName } from "../model/inputs/value.ts";
import { Problem } from "../model/problem.ts";
import { defineStep, type StepContext } from "../model/step.ts";
import { launchValues as launchValuesShape } from "../model/template/launch-shape.ts";
import { launchValues, sayValue } from "../model/template/process-inputs.ts";
import { scriptsRefused, seenTemplate } from "../model/template/server-state.ts";
import { recordOf } from "./parts/records.ts";
import { declaredOnly, failureOf, runScript as runJob } from "./parts/script-job.ts";
import { launchOn, templateOn } from "./parts/template-tree.ts";
import { one } from "./parts/words.ts";

const input = z.strictObject({
  server: z.string(),
  script: z.strictObject({
    name: z.string(),
    phase: z.enum(["boot", "operational", "decommission"]),
    run: z.string(),
    seconds: z.number(),
    /** What it reads. */
    inputs: z.array(inputName),
  }),
  /** Content of the template that the plan was made with. */
  hash: z.string(),
  /** What the script says itself, where the launch says nothing. */
  defaults: launchValuesShape,
  /** Given with the request, for this run only; they go before those of the launch. */
  given: launchValuesShape,
});
export type RunScriptInput = z.infer<typeof input>;

export const runScript = defineStep({
  name: "run-script",
  input,
  undoable: "always",
  says: ({ server, script, given }) => `Run ${script.name} on "${server}"${sayGiven(given)}`,
  byHand: ({ server, script, given }) => ({
    act: `On ${one(server)}, in the folder of its template, run ./${script.run}${sayGiven(given)}, at most ${script.seconds} s.`,
    see: "It ends with 0. Where it fails, stop: the servers after it are left as they are.",
    back: "End it if it still runs. What it did stays.",
  }),
  limitMs: ({ script }) => script.seconds * 1000 + 60_000,
  async check(context, { server, hash, script }) {
    const host = await context.world.host(server);
    const found = await templateOn(host);
    const why =
      scriptsRefused(await recordOf(context, server)) ??
      (found === hash
        ? null
        : `it holds ${found?.slice(0, 12) ?? "no template"}, and the plan was made for ${hash.slice(0, 12)}`);
    if (why === null) return;
    throw new Problem("refused", {
      what: `${script.name} can't be run on "${server}"`,
      why,
      next: `changeover script list ${context.world.environment}`,
    });
  },
  async apply(context, { server, script, defaults, given }) {
    const [record, host] = [await recordOf(context, server), await context.world.host(server)];
    const kept = await launchOn(host);
    await runJob(context, host, {
      id: jobId(context),
      run: script.run,
      timeoutMs: script.seconds * 1000,
      role: script.phase,
      template: seenTemplate(record)?.template ?? "",
      values: { ...defaults, ...declaredOnly(kept ? launchValues(kept) : {}, script.inputs), ...given },
    });
  },
  async verify(context, { server, script }) {
    const job = await (await context.world.host(server)).jobState(jobId(context));
    const why = failureOf(job);
    if (why === null && job.state === "done") return { server, exit: 0, output: job.output.trim().slice(-2000) };
    throw new Problem(job.state === "done" && job.timedOut ? "timed-out" : "step-failed", {
      what: `${script.name} failed on "${server}"`,
      why: why ?? job.state,
      next: "mend what it says, then run it again",
    });
  },
  /** Only that it still runs can be undone. */
  async undo(context, { server }) {
    const { world } = context;
    const there = (await world.provider.list(world.environment)).some(({ name }) => name === server);
    if (there) await (await world.host(server)).cancelJob(jobId(context));
  },
});

const jobId = ({ upgrade }: StepContext): string => `script-${upgrade}`;

const sayGiven = (given: RunScriptInput["given"]): string => {
  const told = Object.entries(given).map(([name, value]) => `${name}=${sayValue(value)}`);
  return told.length === 0 ? "" : ` with ${told.join(", ")}`;
};
