/** One script of a server's template as a job on that server: what it is given, and how it ended. */
import type { Host, JobState } from "../../model/host.ts";
import type { LaunchValue } from "../../model/launch.ts";
import type { StepContext } from "../../model/step.ts";
import { give } from "../../model/template/process-inputs.ts";
import { TEMPLATE_FOLDER } from "./template-tree.ts";

export interface ScriptJob {
  id: string;
  /** Path in the template's folder. */
  run: string;
  timeoutMs: number;
  role: "boot" | "operational" | "decommission";
  /** `app@3` */
  template: string;
  values: Record<string, LaunchValue>;
}

/** For the host to kill what is over its time and say so. */
const ENDING_MS = 10_000;
const LOOK_EVERY_MS = 100;

/** What every process of a template finds besides its inputs. */
export function ownVariables({ world }: StepContext, host: Host, role: string, template: string) {
  return {
    HOST: host.address,
    SERVER_NAME: host.name,
    SERVER_FOLDER: host.directory,
    ENVIRONMENT: world.environment,
    ROLE: role,
    TEMPLATE: template,
    ...(world.rehearsal ? { REHEARSAL: "1" } : {}),
  };
}

/** Attaches to one that was begun; a value that nobody gave is a Problem, and then nothing is begun. */
export async function runScript(context: StepContext, host: Host, job: ScriptJob): Promise<JobState> {
  if ((await host.jobState(job.id)).state === "absent") await begin(context, host, job);
  const over = async () => (await host.jobState(job.id)).state !== "running";
  await context.until(job.timeoutMs + ENDING_MS, over, LOOK_EVERY_MS);
  return host.jobState(job.id);
}

async function begin(context: StepContext, host: Host, { id, run, timeoutMs, role, template, values }: ScriptJob) {
  const { directory } = host;
  const { env, keys } = give(values, { directory, credential: context.world.credential });
  for (const { path, content } of keys) await host.putFile(path, content, 0o600);
  const own = ownVariables(context, host, role, template);
  await host.startJob({ id, command: `./${run}`, cwd: TEMPLATE_FOLDER, env: { ...env, ...own }, timeoutMs });
}

/** Those that a script declares, and no other. */
export const declaredOnly = (values: Record<string, LaunchValue>, declared: readonly string[]) =>
  Object.fromEntries(Object.entries(values).filter(([name]) => declared.includes(name)));

/** Null when it ended with 0. */
export function failureOf(job: JobState): string | null {
  if (job.state === "absent") return "it was not started";
  if (job.state === "running") return "it does not end, although its time is over";
  const tail = job.output.trim().slice(-TAIL) || "it printed nothing";
  if (job.state === "lost") return `its process is gone and left no exit code: ${tail}`;
  if (job.code === 0) return null;
  if (job.timedOut) return `its time was over: ${tail}`;
  return job.cancelled ? "it was ended before it was over" : `exit ${job.code}: ${tail}`;
}

const TAIL = 400;
