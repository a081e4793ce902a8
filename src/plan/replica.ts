/** The replica that copies are taken of: it follows the primary that serves, without error, and will after a restart. */
import type { EnvironmentDefinition } from "../model/environment.ts";
import type { SeenDatabase } from "../model/inventory.ts";
import type { PlanStep } from "../model/plan.ts";
import { Problem } from "../model/problem.ts";
import type { ServerRecord } from "../model/provider.ts";
import { resumeReplica } from "../steps/resume-replica.ts";
import type { Blue } from "./blue.ts";
import { databaseEndpoint, ms } from "./layout.ts";
import { act } from "./stage.ts";

/** Throws a Problem where there is none: the primary itself is never made to stand still for a copy. */
export function replicaInSync({ primary, replicas }: Blue, what: string): SeenDatabase {
  const good = replicas.find(
    ({ health }) => health.replicating && health.bootsFollowing && health.following === primary.record.address,
  );
  if (good) return good;
  const seen = replicas.map(({ record, health }) => {
    const why = health.error ?? (health.following ? `follows ${health.following}` : "follows nobody");
    return `"${record.name}" ${health.running ? why : "is down"}`;
  });
  throw new Problem("refused", {
    what,
    why: `no replica is in sync with "${primary.record.name}": ${seen.join("; ") || "there is no replica"}`,
    next: "changeover status, let a replica follow again, then try again",
  });
}

export interface Databases {
  primary: ServerRecord;
  /** Its name. */
  replica: string;
}

/** It stood still for a copy, and follows again. `reseedMs`: how long it may take to fill one anew that can't catch up; null where that is no remedy. */
export const resumeStep = (
  definition: EnvironmentDefinition,
  { primary, replica }: Databases,
  reseedMs: number | null,
): PlanStep =>
  act(resumeReplica, {
    replica,
    primary: primary.name,
    primaryEndpoint: databaseEndpoint(definition, primary),
    withinMs: ms(definition.limits.syncSeconds),
    reseedMs,
  });
