/** Boot a server with its template: put it there, give it its inputs, run its boot scripts; what fails strands it. */
import { z } from "zod";
import type { Host } from "../model/host.ts";
import { inputName } from "../model/inputs/value.ts";
import { Problem } from "../model/problem.ts";
import { defineStep, type StepContext } from "../model/step.ts";
import { launch } from "../model/template/launch-shape.ts";
import { launchValues } from "../model/template/process-inputs.ts";
import { sayTemplate } from "../model/template/reference.ts";
import { LABEL, seenTemplate } from "../model/template/server-state.ts";
import { decommission, inEvidence } from "./parts/decommission.ts";
import { recordOf } from "./parts/records.ts";
import { referring, resolveReferences } from "./parts/references.ts";
import { declaredOnly, failureOf, ownVariables, runScript } from "./parts/script-job.ts";
import { setState, strand } from "./parts/template-state.ts";
import {
  isLaunchedWith,
  keepLaunch,
  launchOn,
  putTemplate,
  TEMPLATE_FOLDER,
  templateOn,
} from "./parts/template-tree.ts";
import { one } from "./parts/words.ts";

const input = z.strictObject({
  server: z.string(),
  launch,
  /** Shell lines that exit 0 where the server has what it needs. */
  runtime: z.array(z.string()),
  scripts: z.array(z.strictObject({ run: z.string(), seconds: z.number(), inputs: z.array(inputName) })),
  decommissionSeconds: z.number(),
  /** For the values of other servers. */
  waitMs: z.number(),
  /** What the way back does with the server: retire it, or keep it for diagnosis. */
  onUndo: z.enum(["retire", "keep"]),
});
export type BootInput = z.infer<typeof input>;

const RUNTIME_MS = 60_000;

export const bootServer = defineStep({
  name: "boot-server",
  input,
  undoable: "always",
  says: ({ server, launch: { template }, scripts }) =>
    `Boot "${server}" with ${sayTemplate(template)}: ${scripts.map(({ run }) => run).join(", ") || "no scripts"}`,
  byHand: ({ server, launch: { template, inputs }, scripts, runtime, decommissionSeconds }) => ({
    act: `Put ${sayTemplate(template)} (content ${template.hash.slice(0, 12)}) on ${one(server)}${runtime.length > 0 ? `, look whether it has what it needs (${runtime.join("; ")})` : ""}, and run there, in order, with ${Object.keys(inputs).join(", ") || "no inputs"}: ${scripts.map(({ run }) => run).join(", ") || "nothing"}.`,
    see: "Each ends with 0. Where one fails, stop: the server is not used.",
    back: `Run its decommission scripts within ${decommissionSeconds} s, or keep it as it is for diagnosis.`,
  }),
  limitMs: ({ scripts, runtime, waitMs, decommissionSeconds }) =>
    scripts.reduce((sum, { seconds }) => sum + seconds * 1000 + 15_000, 0) +
    runtime.length * RUNTIME_MS +
    Math.max(waitMs, decommissionSeconds * 1000) +
    120_000,
  async check(context, { server, launch: wanted }) {
    const seen = seenTemplate(await recordOf(context, server));
    if (seen?.state !== "operational" && seen?.state !== "decommissioning") return;
    const host = await context.world.host(server);
    if (seen.state === "operational" && isLaunchedWith(await launchOn(host), wanted)) return;
    throw new Problem("refused", {
      what: `"${server}" can't be booted with ${sayTemplate(wanted.template)}`,
      why: `it is ${seen.state} with ${seen.template} already, and with the inputs of its launch`,
      next: "launch another server instead: changeover status",
    });
  },
  async apply(context, asked) {
    const before = seenTemplate(await recordOf(context, asked.server));
    // A person said that it is operational, or it became so right before a crash.
    if (before?.state === "operational") return;
    await setState(context, asked.server, "booting", {
      [LABEL.template]: sayTemplate(asked.launch.template),
      [LABEL.decommissionSeconds]: String(asked.decommissionSeconds),
    });
    const host = await context.world.host(asked.server);
    await putTemplate(context, host, asked.launch.template.hash);
    await giveInputs(context, host, asked);
    await mustHaveRuntime(context, host, asked);
    for (const at of asked.scripts.keys()) await boot(context, host, asked, at);
    await setState(context, asked.server, "operational", { [LABEL.operationalAt]: String(context.world.clock.now()) });
  },
  async verify(context, { server, launch: wanted, scripts }) {
    const [record, host] = [await recordOf(context, server), await context.world.host(server)];
    const seen = seenTemplate(record);
    const there = (await templateOn(host)) === wanted.template.hash && isLaunchedWith(await launchOn(host), wanted);
    if (seen?.state === "operational" && there) {
      const { template, hash } = { template: seen.template, hash: wanted.template.hash.slice(0, 12) };
      return {
        template,
        content: hash,
        scripts: scripts.length,
        ...(seen.forcedBy ? { forcedBy: seen.forcedBy } : {}),
      };
    }
    throw new Problem("step-failed", {
      what: `"${server}" is not operational`,
      why: there ? `it is ${seen?.state ?? "not booted"}` : "it does not hold its template",
      next: "changeover status",
    });
  },
  /** Nothing of it runs or begins any more; what was operational takes its leave before it is retired. */
  async undo(context, { server, scripts, onUndo }) {
    const { world } = context;
    const there = (await world.provider.list(world.environment)).some(({ name }) => name === server);
    if (!there) return {};
    const host = await world.host(server);
    for (const at of scripts.keys()) await host.cancelJob((await tryOf(context, host, at)).id);
    if (onUndo === "retire") return inEvidence([await decommission(context, server)]);
    if (seenTemplate(await recordOf(context, server))?.state === "booting") {
      await strand(context, server, "its boot", "the way back was taken before it was over");
    }
    return {};
  },
});

/** Values of other servers are asked for once: a second try finds what the first one got. */
async function giveInputs(context: StepContext, host: Host, { launch: wanted, waitMs }: BootInput): Promise<void> {
  const kept = await launchOn(host);
  if (kept && isLaunchedWith(kept, wanted) && referring(wanted).every((name) => name in kept.resolved)) return;
  // Before it waits for others: they may wait for what is known of it already.
  await keepLaunch(host, wanted, {});
  try {
    await keepLaunch(host, wanted, await resolveReferences(context, wanted, waitMs));
  } catch (error) {
    throw await strandedBy(context, host.name, "its inputs", error);
  }
}

async function mustHaveRuntime(context: StepContext, host: Host, { runtime, launch: { template } }: BootInput) {
  const env = ownVariables(context, host, "boot", sayTemplate(template));
  for (const check of runtime) {
    const { code, stdout, stderr } = await host.exec(check, { timeoutMs: RUNTIME_MS, cwd: TEMPLATE_FOLDER, env });
    if (code === 0) continue;
    const why = `exit ${code ?? "unknown"}: ${(stderr || stdout).trim().slice(-300) || "it printed nothing"}`;
    throw await strand(context, host.name, `runtime check "${check}"`, why);
  }
}

async function boot(context: StepContext, host: Host, asked: BootInput, at: number): Promise<void> {
  const { scripts, launch: wanted } = asked;
  const { run, seconds, inputs } = scripts[at] ?? { run: "", seconds: 0, inputs: [] };
  const { id, ended } = await tryOf(context, host, at);
  if (ended) return;
  const kept = await launchOn(host);
  try {
    const job = await runScript(context, host, {
      id,
      run,
      timeoutMs: seconds * 1000,
      role: "boot",
      template: sayTemplate(wanted.template),
      values: declaredOnly(kept ? launchValues(kept) : {}, inputs),
    });
    const why = failureOf(job);
    if (why !== null) throw await strand(context, host.name, run, why);
  } catch (error) {
    throw await strandedBy(context, host.name, run, error);
  }
}

/** What can't be given strands, too; a host that did not answer has told nothing. */
async function strandedBy(context: StepContext, server: string, at: string, error: unknown): Promise<unknown> {
  if (!(error instanceof Problem) || !["refused", "timed-out", "bad-input"].includes(error.kind)) return error;
  return strand(context, server, at, `${error.text.what}: ${error.text.why}`);
}

/**
 * The job of a script in this upgrade: what runs is attached to, and what went well is not run again. What failed gets
 * another try when people set the upgrade going again, and not before.
 */
async function tryOf({ upgrade, round }: StepContext, host: Host, at: number) {
  let last = { id: jobId(upgrade, at, 1), ended: false };
  for (let one = 1; one <= round; one++) {
    const id = jobId(upgrade, at, one);
    const job = await host.jobState(id);
    last = { id, ended: failureOf(job) === null };
    if (last.ended || job.state === "running") return last;
  }
  return last;
}

const jobId = (upgrade: string, at: number, round: number): string =>
  `boot-${at}-${upgrade}${round === 1 ? "" : `-${round}`}`;
