/** Reads what the runner answers about jobs, services and leases. */
import type { JobState, LeaseState, LineCount, ServiceState } from "../../model/host.ts";

/** The first line holds the facts, what follows is the output as it is. */
function split(answer: string): { facts: string[]; rest: string } {
  const end = answer.indexOf("\n");
  const line = end < 0 ? answer : answer.slice(0, end);
  return { facts: line.split(" "), rest: end < 0 ? "" : answer.slice(end + 1) };
}

export function readJobState(answer: string): JobState {
  const { facts, rest } = split(answer);
  const [state, first, timedOut, cancelled, began] = facts;
  if (state === "running") return { state, sinceMs: Number(first) };
  if (state === "done") {
    const told = { timedOut: timedOut === "true", cancelled: cancelled === "true", began: began === "true" };
    return { state, code: Number(first), ...told, output: rest };
  }
  if (state === "lost") return { state, output: rest };
  if (state === "absent") return { state };
  throw new Error(`the runner said of a job: ${facts.join(" ")}`);
}

export function readServiceState(answer: string): ServiceState {
  const { facts, rest } = split(answer);
  const [state, pid, restarts] = facts;
  if (state !== "absent" && state !== "stopped" && state !== "running" && state !== "failing") {
    throw new Error(`the runner said of a service: ${facts.join(" ")}`);
  }
  return { state, pid: pid === "-" ? null : Number(pid), restarts: Number(restarts), tail: rest };
}

export function readLeaseState(answer: string): LeaseState {
  const [state, left] = answer.trim().split(" ");
  if (state === "held") return { state, leftMs: Number(left) };
  if (state === "lapsed" || state === "absent") return { state };
  throw new Error(`the runner said of a lease: ${answer.trim()}`);
}

export function readLineCount(answer: string): LineCount {
  const [lines = "", place = "", how] = answer.trim().split(" ");
  if (/^\d+$/.test(lines) && /^\d+:\d+$/.test(place)) return { lines: Number(lines), place, atLeast: how === "least" };
  throw new Error(`the runner said of a log: ${answer.trim()}`);
}
