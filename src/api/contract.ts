/** What travels between the control plane and its clients; paths are in src/api/app.ts. */
import { z } from "zod";
import { type EnvironmentDefinition, releaseName } from "../model/environment.ts";
import type { Forecast } from "../model/forecast.ts";
import type { Inventory } from "../model/inventory.ts";
import type { Lock } from "../model/lock.ts";
import { upgradeStrategies } from "../model/plan.ts";
import { instant } from "../model/windows.ts";
import type { DriftSeen } from "../run/environments.ts";
import type { Planned } from "../run/upgrade-plans.ts";
import type { AlertsView } from "../view/alerts.ts";
import type { BackupsView } from "../view/backups.ts";
import type { GroupView } from "../view/groups.ts";
import type { UpgradeView } from "../view/upgrade-view.ts";

export const saveEnvironmentBody = z.strictObject({
  /** The environment file's text. */
  text: z.string(),
  /** Its absolute path; paths in it are relative to its folder. */
  path: z.string(),
  by: z.string(),
  /** Comes up with this environment's data, by its newest proven backup unless one is named. */
  dataFrom: z.strictObject({ environment: z.string(), backup: z.string().nullable() }).nullable().default(null),
});
export const cloneBody = z.strictObject({
  name: z.string(),
  /** Where its file is to lie, absolute; null: beside the origin's. */
  path: z.string().nullable(),
  /** As typed: KEY=VALUE. */
  set: z.array(z.string()).max(1000),
  takeSuggestions: z.boolean(),
  /** Why backups keep the origin's lineage; null: they do not. */
  sameLineage: z.string().min(1).max(500).nullable(),
});
export const carryBody = z.strictObject({ name: z.string(), by: z.string() });
/** The value itself is looked at by src/model/credential.ts. */
export const credentialBody = z.strictObject({ value: z.string() });
/** One line of text that people wrote; empty when they did not. */
const purpose = z.string().max(500);
const strategy = z.enum(upgradeStrategies).default("major");
export const planBody = z.strictObject({
  to: releaseName,
  strategy,
  failAt: z.string().nullable(),
  /** When the window is to begin. */
  at: instant.nullable().default(null),
});
export const rehearseBody = z.strictObject({
  to: releaseName,
  strategy,
  failAt: z.string().nullable(),
  by: z.string(),
});
export const cancelBody = z.strictObject({ by: z.string() });
export const startBody = z.strictObject({
  planHash: z.string(),
  /** Made a moment ago for this start, and nobody has looked at it since: it need not be made again. */
  madeForIt: z.boolean().default(false),
  yes: z.boolean(),
  by: z.string(),
  /** Recorded with the upgrade. */
  why: purpose.default(""),
  tell: z.array(z.string().min(1).max(200)).max(50).default([]),
});
export const answerBody = z.strictObject({ answer: z.enum(["approve", "deny"]), planHash: z.string(), by: z.string() });
export const rollbackBody = z.strictObject({
  by: z.string(),
  reason: z.string(),
  /** Hash of a counted loss; needed only after reopening. */
  acceptLoss: z.string().nullable().default(null),
});

export const pauseBody = z.strictObject({ by: z.string() });
export const abortBody = z.strictObject({ by: z.string(), reason: z.string() });
export const fixBody = z.strictObject({
  /** Shell, run in the release's folder. */
  script: z.string().min(1).max(100_000),
  account: z.enum(["application", "migration"]),
  planHash: z.string(),
  by: z.string(),
});
export const byBody = z.strictObject({ by: z.string() });
/** `otherLineage`: also one of another lineage, whose data it is. */
const otherLineage = z.boolean().default(false);
export const planRestoreBody = z.strictObject({ otherLineage }).nullable();
export const restoreBody = z.strictObject({ by: z.string(), yes: z.boolean(), otherLineage });
export const resumeBody = z.strictObject({ by: z.string() });
/** A reason is one short line. */
export const lockBody = z.strictObject({ by: z.string(), reason: z.string().min(1).max(200) });
export const shutdownBody = z.strictObject({ forget: z.boolean() });

export interface Health {
  version: string;
  pid: number;
  token: number;
  databasePid: number | null;
  environments: string[];
}

export interface EnvironmentStatus {
  environment: string;
  definitionPath: string;
  inventory: Inventory;
  /** The unfinished upgrade, else the last one of the whole environment. */
  upgrade: UpgradeView | null;
  /** The environment's own. */
  lock: Lock | null;
  /** With those of its servers. */
  locks: Lock[];
  backups: BackupsView;
  /** None or one. */
  groups: GroupView[];
  alerts: AlertsView;
}

export interface Started {
  environment: string;
  /** Null when there was nothing to do. */
  upgrade: string | null;
  /** Of an environment that was brought up: what it shares with others and is no reason to refuse. */
  warnings?: string[];
}

export interface PlanAnswer extends Planned {
  /** No part of the plan: it changes as more is measured, and the hash does not. */
  forecast: Forecast;
}
export type DriftAnswer = DriftSeen;

export interface LedgerTask {
  definition: NonNullable<EnvironmentDefinition["ledger"]>;
  host: string;
  targets: { address: string; port: number }[];
}
