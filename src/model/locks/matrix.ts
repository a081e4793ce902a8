/** The lock matrix: which verb is allowed while what is locked and whatever runs. The only place that says so. Pure. */
import { type Asker, type LockVerb, type Verb, verbs } from "./verbs.ts";

/** `copies`: a run that changes nothing that serves, such as a backup. `stuck`: one that waits for a person. */
export const runs = ["none", "copies", "changes", "stuck"] as const;
export type RunInFlight = (typeof runs)[number];

export interface LockState {
  /** A person has locked the environment. */
  environment: boolean;
  /** A person has locked a server that the verb touches. */
  server: boolean;
  run: RunInFlight;
}

export type Ruling =
  | { allowed: true }
  | { allowed: false; by: "asker" | "environment" | "server" | "run"; why: string };

const ALLOWED: Ruling = { allowed: true };

/** A run in flight passes every lock: what has begun goes on, and it alone holds the key. */
export function mayDo(verb: Verb, state: LockState, asker: Asker): Ruling {
  const row = verbs[verb];
  if (!row.askers.includes(asker)) return denied("asker", `only ${row.askers.join(" or ")} may ask for it`);
  if (asker === "upgrade") {
    const holdsKey = state.run === "changes" || state.run === "copies";
    return holdsKey ? ALLOWED : denied("asker", "no run is in flight, so none holds the key");
  }
  return underLock(row, state) ?? duringRun(row, state.run) ?? ALLOWED;
}

function underLock({ nature, touches }: LockVerb, { environment, server }: LockState): Ruling | null {
  if (nature !== "changes") return null;
  if (environment) return denied("environment", "what is locked stays as it is, and so does all below it");
  if (server && touches !== "none") return denied("server", "a locked server stays as it is");
  return null;
}

function duringRun({ nature, duringRun: exception }: LockVerb, run: RunInFlight): Ruling | null {
  if (run === "none" || exception === "allowed") return null;
  if (exception === "when-stuck") return run === "stuck" ? null : ALONE;
  if (exception === "unless-it-changes") return run === "copies" ? null : ALONE;
  return nature === "changes" || nature === "copies" ? ALONE : null;
}

const denied = (by: "asker" | "environment" | "server" | "run", why: string): Ruling => ({ allowed: false, by, why });

const ALONE = denied("run", "a run in flight alone holds the key");
