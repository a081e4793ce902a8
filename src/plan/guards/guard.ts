/** The shape of a guard, what guards may know, and how all of them are asked at once. */
import type { Committed } from "../../model/committed.ts";
import type { Drift } from "../../model/drift.ts";
import type { EnvironmentDefinition } from "../../model/environment.ts";
import type { GuardResult, Severity } from "../../model/guard.ts";
import type { OpenOverride } from "../../model/inputs/override.ts";
import type { Lock } from "../../model/lock.ts";
import type { Plan } from "../../model/plan.ts";
import { Problem } from "../../model/problem.ts";
import type { Readiness } from "../../model/readiness.ts";
import type { Blue } from "../blue.ts";

export interface Wish {
  definition: EnvironmentDefinition;
  blue: Blue;
  to: string;
}

/** What was found in the files and the history, besides the world. */
export interface Circumstances {
  /** Milliseconds since 1970. */
  now: number;
  /** When the window is to begin; null for as soon as all is prepared. */
  at: number | null;
  /** An upgrade that was begun while this one was being planned. */
  other: { id: string; state: string } | null;
  /** Inputs that are lent to servers or groups now. */
  overrides: OpenOverride[];
  /** The environment's own, and those of its servers. */
  locks: Lock[];
  readiness: Readiness;
  drift: Drift[];
  newestVerifiedBackupAt: number | null;
  artefact: Artefact;
  /** As large as the scaling group was last made; null when nobody knows. */
  groupSize: number | null;
  /** With other environments, in sentences: only looked for where nothing may be. */
  shared: string[];
  /** Likenesses of the plans that ended well in the staging environment. */
  accepted: string[];
}

export interface Artefact {
  /** Of the release that is wished for; null when it is not known. */
  hash: string | null;
  /** Hashes under which a release of this name serves or has served here. */
  served: string[];
  git: Committed;
}

/** Null while another guard makes a plan impossible. */
export type Facts = Wish & Circumstances & { plan: Plan | null };

export interface Finding {
  severity: Severity;
  why: string;
  /** A command or an edit. */
  next: string;
}

export interface Guard<F = Facts> {
  name: string;
  /** Null when it holds. */
  finds(facts: F): Finding | null;
}

export const refuses = (why: string, next: string): Finding => ({ severity: "refuses", why, next });
export const warns = (why: string, next: string): Finding => ({ severity: "warns", why, next });

/** Holds where the release has nothing to migrate. */
export const whenMigrating = <F extends Wish>({ name, finds }: Guard<F>): Guard<F> => ({
  name,
  finds: (facts) => (facts.definition.releases[facts.to]?.migrate === undefined ? null : finds(facts)),
});

export const ask = <F>(guards: readonly Guard<F>[], facts: F): GuardResult[] =>
  guards.map(({ name, finds }) => {
    const finding = finds(facts);
    if (!finding) return { name, result: "holds", why: null, next: null };
    return { name, result: finding.severity, why: finding.why, next: finding.next };
  });

export const refused = (results: readonly GuardResult[]): GuardResult[] =>
  results.filter(({ result }) => result === "refuses");

/** Throws one Problem that names every guard that refuses. */
export function mustPass(results: readonly GuardResult[], { definition, to }: Wish): void {
  const found = refused(results);
  const [first] = found;
  if (!first) return;
  throw new Problem("refused", {
    what: `the upgrade of "${definition.environment}" to ${to} can't be planned`,
    why: found.map(({ name, why }) => `guard "${name}": ${why}`).join("; "),
    next: first.next ?? "",
  });
}
