/** A plan: immutable data with every choice already made, hashable, printable, approved by its hash. */
import { createHash } from "node:crypto";

/** Parts of the window that the report adds up (docs/report.md). */
export const PHASES = ["fence", "sync", "snapshot", "migration", "start", "smoke", "swap", "reopen"] as const;
export type Phase = (typeof PHASES)[number];

export interface PlanStep {
  /** Name of the step's definition. */
  step: string;
  /** Its input, plain JSON. */
  input: unknown;
  /** The sentence, taken from the definition when the plan was made. */
  says: string;
  phase?: Phase;
}

export interface Stage {
  name: string;
  /** Parallel steps touch different servers and may run in any order. */
  parallel: boolean;
  steps: PlanStep[];
  /** What the way back is, and what it costs, once this stage has begun. */
  wayBack: string;
}

/** Upgrades to another release without downtime: the schema stays such that old and new run side by side. */
export const minorStrategies = ["replace", "rolling", "canary", "in-place"] as const;
export type MinorStrategy = (typeof minorStrategies)[number];

export const upgradeStrategies = ["major", ...minorStrategies] as const;
export type UpgradeStrategy = (typeof upgradeStrategies)[number];

export const isUpgrade = (strategy: Strategy): strategy is UpgradeStrategy =>
  (upgradeStrategies as readonly Strategy[]).includes(strategy);

/** Only a major one has downtime. */
export const kindOf = (strategy: Strategy): "major" | "minor" | null =>
  !isUpgrade(strategy) ? null : strategy === "major" ? "major" : "minor";

export type Strategy =
  | ("bring-up" | "clone" | "from-backup")
  | UpgradeStrategy
  | ("backup" | "verify-backup" | "restore")
  | ("launch-server" | "try-server" | "connect-server" | "disconnect-server")
  | ("relaunch-server" | "replace-server" | "retire-server")
  | ("grow-group" | "shrink-group")
  | ("run-script" | "force-operational")
  | ("move-name" | "move-address");

/** Those that say which release an environment serves; every other one leaves that as it is. */
export const wholeStrategies: readonly Strategy[] = [
  ...(["bring-up", "clone", "from-backup", "restore"] as const),
  ...upgradeStrategies,
];

export interface Plan {
  format: 1;
  environment: string;
  strategy: Strategy;
  /** Empty when nothing was there before. */
  from: string;
  to: string;
  stages: Stage[];
  /** Run after every finished step was undone, so that the next upgrade's guards pass. */
  afterWayBack: Stage[];
  /** Name of the step that was asked to fail, for rehearsing the way back. */
  failAt: string | null;
}

/** Keys in one order at every level, so that equal data has equal text. */
export const canonical = (value: unknown): string => JSON.stringify(inOrder(value)) ?? "null";

function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (value === null || typeof value !== "object") return value;
  const held = value as Record<string, unknown>;
  const keys = Object.keys(held).sort();
  return Object.fromEntries(keys.map((key) => [key, inOrder(held[key])]));
}

/** First 16 hex digits of the SHA-256 over the canonical text. */
export const planHash = (plan: Plan): string => createHash("sha256").update(canonical(plan)).digest("hex").slice(0, 16);
