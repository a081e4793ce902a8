/** Long work on a host: each attempt is a job of its own, and a left-over attempt never runs beside a new one. */
import { randomBytes } from "node:crypto";
import { waitFor } from "../../model/clock.ts";
import type { JobState } from "../../model/host.ts";
import { Problem } from "../../model/problem.ts";
import { tail } from "./parse.ts";
import { withTools } from "./paths.ts";
import type { Server } from "./server.ts";

export interface Work {
  /** What the work is for, [a-z0-9-]; one attempt of it at a time. */
  name: string;
  /** Starts over by itself: removes what a half attempt left. */
  command: string;
  timeoutMs: number;
}

type Ended = Exclude<JobState, { state: "absent" } | { state: "running" }>;

const attemptFile = (name: string): string => `mariadb/attempts/${name}`;

/** Ends a left-over attempt and starts a new one; gives the job's id. */
export async function startAttempt(server: Server, work: Work): Promise<string> {
  await endAttempt(server, work.name);
  const id = `${work.name}-${randomBytes(5).toString("hex")}`;
  // The name first: whoever comes after a crash right here finds the job, or finds that it never began.
  await server.host.putFile(attemptFile(work.name), id);
  await server.host.startJob({ id, command: withTools(work.command), timeoutMs: work.timeoutMs });
  return id;
}

export async function endAttempt(server: Server, name: string): Promise<void> {
  const id = await server.host.readFile(attemptFile(name));
  if (id && (await server.host.jobState(id)).state === "running") await server.host.cancelJob(id);
}

/** Runs the work to its end, or attaches to an attempt that still runs since the control plane was restarted. */
export async function runWork(server: Server, work: Work): Promise<void> {
  const last = await server.host.readFile(attemptFile(work.name));
  const running = last !== null && (await server.host.jobState(last)).state === "running";
  const id = running ? last : await startAttempt(server, work);
  const ended = await awaitJob(server, id, work.timeoutMs);
  const failure = failureOf(ended);
  if (failure) throw workFailed(server, work.name, failure);
}

export async function awaitJob(server: Server, id: string, timeoutMs: number): Promise<Ended> {
  // The host ends the job itself at its limit; what we wait longer is for reading that.
  const limit = { withinMs: timeoutMs + 15_000, everyMs: 100 };
  const ended = await waitFor(server.clock, limit, async () => {
    const seen = await server.host.jobState(id);
    return seen.state === "done" || seen.state === "lost" ? seen : null;
  });
  if (ended) return ended;
  await server.host.cancelJob(id);
  throw workFailed(server, id, `it did not end within ${timeoutMs} ms`);
}

/** Null when the job ended well. */
export function failureOf(ended: Ended): string | null {
  const said = tail(ended.output);
  if (ended.state === "lost") return `it was killed from outside: ${said}`;
  if (ended.timedOut) return `it passed its limit: ${said}`;
  if (ended.cancelled) return `it was cancelled: ${said}`;
  return ended.code === 0 ? null : `exit code ${ended.code}: ${said}`;
}

export const workFailed = (server: Server, what: string, why: string): Problem =>
  new Problem("step-failed", {
    what: `"${what}" failed on "${server.host.name}"`,
    why,
    next: "look at disk space and the output above, then try again",
  });
