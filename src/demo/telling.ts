/** What every story of an example needs: where it happens, runs that must end well, and what took how long. */
import type { Started } from "../api/contract.ts";
import type { Client } from "../cli/client.ts";
import { follow } from "../cli/follow.ts";
import { Problem } from "../model/problem.ts";
import type { UpgradeView } from "../view/upgrade-view.ts";

export interface Telling {
  home: string;
  /** The example's file and its text, which may have got another provider. */
  file: string;
  text: string;
  /** Folder in which its servers live, all of them on this machine. */
  servers: string;
  json: boolean;
  signal: AbortSignal;
}

export async function endWell(
  client: Client,
  { home, signal }: Pick<Telling, "home" | "signal">,
  { upgrade }: Started,
): Promise<UpgradeView> {
  const view = await follow(client, { home, upgrade: String(upgrade), signal, stopAtGate: false });
  if (view.state === "upgraded") return view;
  if (view.problem) throw new Problem(view.problem.kind, view.problem);
  throw new Problem("step-failed", { what: `it is ${view.state}`, why: view.reason ?? "", next: "try again" });
}

/** A function that takes times, and what it took. */
export function stopwatch() {
  const durations: Record<string, number> = {};
  const timed = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    const began = performance.now();
    const done = await work();
    durations[name] = Math.round(performance.now() - began);
    return done;
  };
  return [timed, durations] as const;
}
